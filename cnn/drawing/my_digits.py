"""My digits: drawings with their labels, kept as strokes.

`<data>/my-digits.jsonl`, or that file in a workspace: one JSON object a line, `label` (0-9) and
`strokes`, lists of `[x, y]` with y downwards, in any unit. Export and import use the same lines.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock
from humanize import naturalsize
from numpy.typing import NDArray

from cnn.common import workspaces
from cnn.common.files import write_bytes
from cnn.common.server import server_settings
from cnn.datasets import data_dir
from cnn.drawing.strokes import from_strokes

MOST_DIGITS = 2000
MOST_STROKES = 50
MOST_POINTS = 4000
MOST_BYTES = 8_000_000
LARGEST = 1e5  # of a coordinate


class CollectionError(ValueError):
    """Lines that are no drawings, or too many; the message says which line and why."""


@dataclass(frozen=True)
class Drawing:
    """One labelled drawing."""

    label: int
    strokes: tuple[tuple[tuple[float, float], ...], ...]

    def line(self) -> str:
        """As a line of the file; coordinates to a tenth of their unit."""
        strokes = [[[round(x, 1), round(y, 1)] for x, y in stroke] for stroke in self.strokes]
        return json.dumps({"label": self.label, "strokes": strokes}, separators=(",", ":"))


def path() -> Path:
    """The collection's file: in the data folder, or on a class server in the workspace."""
    workspace = workspaces.current()
    return (workspaces.folder(workspace) if workspace else data_dir()) / "my-digits.jsonl"


def _drawing_in(line: bytes) -> Drawing:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise CollectionError("it is not JSON") from None
    return drawing_of(value)


def drawing_of(value: object) -> Drawing:
    """The drawing of one parsed line. Raises CollectionError saying what is wrong with it."""
    if not isinstance(value, dict):
        raise CollectionError('it is no object with "label" and "strokes"')
    label, strokes = value.get("label"), value.get("strokes")
    if type(label) is not int or not 0 <= label <= 9:
        raise CollectionError("its label is not one of 0 to 9")
    if not isinstance(strokes, list | tuple) or not 0 < len(strokes) <= MOST_STROKES:
        raise CollectionError(f"it needs 1 to {MOST_STROKES} strokes")
    kept, points = [], 0
    for stroke in strokes:
        if not isinstance(stroke, list | tuple):
            raise CollectionError("a stroke is no list of points")
        points += len(stroke)
        if points > MOST_POINTS:
            raise CollectionError(f"it has more than {MOST_POINTS:,} points")
        if stroke:
            kept.append(tuple(_point(point) for point in stroke))
    if not kept:
        raise CollectionError("it holds no point")
    return Drawing(label, tuple(kept))


def _point(value: object) -> tuple[float, float]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise CollectionError("a point is no pair of numbers")
    x, y = value
    for number in (x, y):
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise CollectionError("a point is no pair of numbers")
        if not abs(number) <= LARGEST:  # nor NaN, nor an integer larger than any float
            raise CollectionError(f"a coordinate is not between -{LARGEST:,.0f} and {LARGEST:,.0f}")
    return float(x), float(y)


def parse(content: bytes) -> list[Drawing]:
    """The drawings of JSONL. Raises CollectionError naming the first line that is wrong."""
    if len(content) > MOST_BYTES:
        raise CollectionError(f"The file is larger than {naturalsize(MOST_BYTES)}.")
    found: list[Drawing] = []
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found.append(_drawing_in(line))
        except CollectionError as error:
            raise CollectionError(f"Line {number}: {error}.") from None
        if len(found) > MOST_DIGITS:
            raise CollectionError(f"More than {MOST_DIGITS:,} digits are not kept.")
    if not found:
        raise CollectionError("The file holds no drawing.")
    return found


def load() -> list[Drawing]:
    """The collection, oldest first; a damaged line is left out."""
    try:
        lines = path().read_bytes()[:MOST_BYTES].splitlines()
    except OSError:
        return []
    found = []
    for line in lines[:MOST_DIGITS]:
        with contextlib.suppress(CollectionError):
            found.append(_drawing_in(line))
    return found


def export(drawings: list[Drawing]) -> bytes:
    """As JSONL."""
    return "".join(f"{drawing.line()}\n" for drawing in drawings).encode()


@contextlib.contextmanager
def _changing(problem: str) -> Iterator[list[Drawing]]:
    """The collection, to be changed in place; locked, so that two tabs at once lose nothing."""
    if server_settings().read_only or workspaces.current() == workspaces.NOBODY:
        raise CollectionError(f"{problem}: this server only shows.")
    if not workspaces.may_begin(workspaces.current()):
        raise CollectionError(f"{problem}: this server has as many workspaces as it may.")
    try:
        path().parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path().with_suffix(".lock"), timeout=10):
            kept = load()
            yield kept
            write_bytes(path(), export(kept))
    except OSError as error:
        raise CollectionError(f"{problem}: {error.strerror}.") from error


def add(drawings: list[Drawing]) -> int:
    """Keep more; returns how many there are now. Raises CollectionError when it is full or cannot
    be written."""
    with _changing("The drawing could not be kept") as kept:
        if len(kept) + len(drawings) > MOST_DIGITS:
            raise CollectionError(
                f"A collection holds at most {MOST_DIGITS:,} digits; it has {len(kept):,}."
            )
        kept += drawings
    return len(kept)


def remove(count: int = MOST_DIGITS) -> None:
    """Remove the newest `count`, or all. Raises CollectionError where that cannot be written."""
    with _changing("The collection could not be changed") as kept:
        del kept[max(0, len(kept) - count) :]


def images(drawings: list[Drawing]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Prepared as the network sees them, float32 `(N, 28, 28)` in 0-1, and labels `(N,)`."""
    pictures = [from_strokes(drawing.strokes).image for drawing in drawings]
    labels = np.array([drawing.label for drawing in drawings], np.int64)
    return np.array(pictures, np.float32).reshape(-1, 28, 28), labels
