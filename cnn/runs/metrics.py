"""Reading a metrics file that grows while pages poll it: each line is parsed once.

A page asks every second, for hours. Rows are kept, only new lines are read, and old reports are
merged in pairs, so that neither the time nor the memory of a poll grows with the run.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from pathlib import Path
from typing import cast

from cnn.runs.records import MetricRow

MAX_REPORTS = 2_000  # beyond it neighbours are merged: 16 minutes at full detail
FILES_KEPT = 32
TAIL = 64  # bytes before the place reached, by which a file is recognised


def read(path: Path) -> list[MetricRow]:
    """The rows of a metrics file, oldest first; a cut or foreign line is skipped.

    A resumed run goes over steps it had already reported: of those only the newer remain. Of more
    than `MAX_REPORTS` reports, neighbours are merged: mean losses, the later one's other values.
    The rows are shared by all callers: do not change them.
    """
    with _lock:
        reader = _readers.pop(path, None) or _Reader(path)
        _readers[path] = reader
        while len(_readers) > FILES_KEPT:
            _readers.popitem(last=False)
        return reader.read()


class _Reader:
    """One file and how far it was read."""

    def __init__(self, path: Path):
        self.path = path
        self.rows: list[MetricRow] = []
        self.reports, self.offset, self.tail = 0, 0, b""

    def read(self) -> list[MetricRow]:
        try:
            with self.path.open("rb") as file:
                begin = self.offset - len(self.tail)
                file.seek(begin)
                content = file.read()
                if not content.startswith(self.tail):  # another file by now: from the top
                    self.__init__(self.path)  # type: ignore[misc]
                    begin = 0
                    file.seek(0)
                    content = file.read()
        except OSError:
            self.__init__(self.path)  # type: ignore[misc]
            return []
        whole = content[: content.rfind(b"\n") + 1]  # a line without an end is not written yet
        for line in whole[len(self.tail) :].splitlines():
            self._add(line)
        if len(whole) > len(self.tail):
            self.offset, self.tail = begin + len(whole), whole[-TAIL:]
        return list(self.rows)

    def _add(self, line: bytes) -> None:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(row, dict) or not _is_row(row):
            return
        if row["kind"] == "resume":
            self._forget(row["step"], row["epoch"])
            return
        self._forget(row["step"])
        self.rows.append(cast(MetricRow, row))
        self.reports += row["kind"] == "report"
        if self.reports > MAX_REPORTS:
            self._merge()

    def _forget(self, step: float, epoch: float | None = None) -> None:
        """Drop what lies after `step`, and the ends of epochs after `epoch`."""
        while self.rows:
            last = self.rows[-1]
            undone = epoch is not None and last["kind"] == "epoch" and last["epoch"] > epoch
            if last["step"] <= step and not undone:
                return
            self.reports -= self.rows.pop()["kind"] == "report"

    def _merge(self) -> None:
        merged: list[MetricRow] = []
        waiting = None  # the place of a report that has no partner yet
        for row in self.rows:
            if row["kind"] == "report" and waiting is not None:
                first, waiting = merged.pop(waiting), None
                assert first["kind"] == "report"
                row = {**row, "losses": _pairs([*first["losses"], *row["losses"]])}
            elif row["kind"] == "report":
                waiting = len(merged)
            merged.append(row)
        self.rows = merged
        self.reports = sum(row["kind"] == "report" for row in merged)


def _pairs(points: list[list[float]]) -> list[list[float]]:
    """Neighbouring `[step, loss]` points as one each: the later step, the mean loss."""
    halves = [[b[0], (a[1] + b[1]) / 2] for a, b in zip(points[::2], points[1::2], strict=False)]
    return halves + points[len(halves) * 2 :]


def _is_row(row: dict[str, object]) -> bool:
    """Whether a line holds what the charts need."""
    if not _are_numbers(row.get("step"), row.get("epoch")):
        return False
    if row.get("kind") == "report":
        losses = row.get("losses")
        return isinstance(losses, list) and all(
            isinstance(p, list) and len(p) == 2 and _are_numbers(*p) for p in losses
        )
    if row.get("kind") == "epoch":
        validation = row.get("validation_accuracy")
        return _are_numbers(row.get("train_accuracy"), 0 if validation is None else validation)
    return row.get("kind") == "resume"


def _are_numbers(*values: object) -> bool:
    return all(isinstance(value, int | float) for value in values)


_lock = threading.Lock()
_readers: OrderedDict[Path, _Reader] = OrderedDict()
