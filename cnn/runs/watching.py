"""Images whose way through a network somebody watches while it trains. Imports no torch.

Whoever shows a run writes `watch.json` and touches it every second; the worker answers with
`frames.jsonl` (`frames`). A file that nobody has touched for some seconds asks for nothing.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cnn.common.files import read_json, write_json
from cnn.runs.run import Run

FRESH_SECONDS = 3.0
MOST_SUBJECTS = 8  # watched in one run at once
MOST_IMAGES = 16


@dataclass(frozen=True, eq=False)
class Subject:
    """`images`, uint8 `(n, 28, 28)`, at most `MOST_IMAGES`; of the first also what `layers` put
    out: by their numbers (from 1) which maps or units, all of them where none is named."""

    images: NDArray[np.uint8]
    layers: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """By which it is known: the same for the same images and wishes."""
        asked = f"{sorted(self.layers.items())} {self.images.shape}".encode()
        return hashlib.sha256(asked + self.images.tobytes()).hexdigest()[:16]


def watch(run: Run, subjects: Iterable[Subject]) -> None:
    """Ask the run's worker for these, in place of any others; for none, let it be."""
    wanted: dict[str, object] = {
        subject.key: {
            "images": base64.b64encode(subject.images.tobytes()).decode(),
            "layers": {str(number): maps for number, maps in subject.layers.items()},
        }
        for subject in list(subjects)[:MOST_SUBJECTS]
    }
    with contextlib.suppress(OSError):
        if wanted:
            write_json(run.files.watch, wanted)
        else:
            run.files.watch.unlink(missing_ok=True)


def still_watching(run: Run) -> None:
    """Say so: what was asked for stays asked for."""
    with contextlib.suppress(OSError):
        run.files.watch.touch()


def watched_since(run: Run) -> int:
    """When it was last asked for something, in ns; 0 where nobody watches (any more)."""
    try:
        changed = run.files.watch.stat().st_mtime_ns
    except OSError:
        return 0
    age = time.time_ns() - changed  # negative: another clock's, and as good as none
    return changed if abs(age) < FRESH_SECONDS * 1e9 else 0


def watched(run: Run) -> list[Subject]:
    """What is asked for; what is damaged is left out."""
    found = []
    for asked in list((read_json(run.files.watch) or {}).values())[:MOST_SUBJECTS]:
        with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError, ArithmeticError):
            flat = np.frombuffer(base64.b64decode(asked["images"]), np.uint8)
            images = flat.reshape(-1, 28, 28)[:MOST_IMAGES]
            layers = {int(k): tuple(map(int, maps)) for k, maps in asked["layers"].items()}
            if len(images):
                found.append(Subject(images, layers))
    return found
