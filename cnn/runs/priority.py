"""How far a training stands back behind the app, the browser and whatever else runs here."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

NICE = 5
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
    """Do `work` at that lower priority and wait for it; this thread keeps its own, where each
    thread has one."""
    if sys.platform != "linux":
        stand_back()
        work()
        return

    def stands_back() -> None:
        with contextlib.suppress(OSError):
            os.nice(NICE - min(os.nice(0), NICE))
        work()

    thread = threading.Thread(target=stands_back)
    thread.start()
    thread.join()
