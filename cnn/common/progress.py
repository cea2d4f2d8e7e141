"""How long work reports its progress.

    def work(..., progress: Progress = silent)

`progress` is called with the share that is done, 0 to 1. To stop the work it raises an exception,
which `work` lets through; in a page Streamlit does that when the visitor clicks anything.
"""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float], object]


def silent(share: float) -> None:
    """Progress that nobody watches."""
