"""How long computations report progress and are stopped.

    def work(..., progress: Progress | None = None, stop: Stop | None = None)

`progress` is called with the share that is done, 0 to 1. `stop` is called between two pieces of the
work; where it answers True the work ends by raising Stopped (or returns what it has, if that is of
use: the docstring says which).
"""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float], None]
Stop = Callable[[], bool]


class Stopped(Exception):
    """The work was stopped by its caller."""


def step(share: float, progress: Progress | None, stop: Stop | None) -> None:
    """Report that `share` (0 to 1) is done. Raises Stopped where `stop` answers True."""
    if progress:
        progress(min(max(share, 0.0), 1.0))
    if stop and stop():
        raise Stopped
