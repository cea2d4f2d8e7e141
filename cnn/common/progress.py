"""How long work says how far it is, and is told to stop.

    def work(..., progress: Progress | None = None, stop: Stop | None = None)

`progress` is called with the share that is done, 0 to 1. `stop` is asked between two pieces of the
work; where it answers True the work ends by raising Stopped (or returns what it has, if that is of
use: the docstring says which).
"""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float], None]
Stop = Callable[[], bool]


class Stopped(Exception):
    """Work that was told to stop."""


def step(share: float, progress: Progress | None, stop: Stop | None) -> None:
    """Say that `share` (0 to 1) is done, and go on unless told to stop. Raises Stopped."""
    if progress:
        progress(min(max(share, 0.0), 1.0))
    if stop and stop():
        raise Stopped
