"""How far a training stands back behind the app, the browser and whatever else runs here."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

NICE = 5
IDLE_NICE = 15  # of what nobody waits for
_THREADS = Path("/proc/self/task")  # Linux: each thread has a priority of its own


def stand_back() -> None:
    """Lower the priority of this process with all its threads, unless that was done before.

    There is no way back for whoever is not root.
    """
    with contextlib.suppress(OSError, AttributeError):  # not on Windows
        if sys.platform == "linux":
            for thread in _THREADS.iterdir():
                os.setpriority(os.PRIO_PROCESS, int(thread.name), max(NICE, os.nice(0)))
        else:
            os.nice(NICE - min(os.nice(0), NICE))


def in_background(work: Callable[[], None]) -> None:
    """Do `work` where it slows nobody down, and wait for it; this thread keeps its priority, where
    each thread has one of its own."""
    if sys.platform != "linux":
        stand_back()
        work()
        return

    def stands_back() -> None:
        with contextlib.suppress(OSError):
            os.nice(IDLE_NICE - min(os.nice(0), IDLE_NICE))
        work()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(stands_back).result()
