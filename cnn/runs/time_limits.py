"""How long a run may train, and pause on its device, where others share it. Imports no torch."""

from __future__ import annotations

import time

from cnn.common.text import duration
from cnn.runs import queue
from cnn.runs.limits import limits
from cnn.runs.run import Run

LOOK_SECONDS = 1.0  # between two looks at who waits


class TimeLimits:
    """What is left of a run's time. Begins where its training begins, or goes on.

    Counted is the time that it holds its device without pausing, in slow motion too.
    """

    def __init__(self, run: Run):
        limit = limits(run.workspace)
        self._run, self._seconds, self._pause = run, limit.seconds, limit.pause
        self._used = run.last_status().get("train_seconds", 0.0)
        self._last = self._since = self._look_at = time.monotonic()

    def why_to_stop(self, paused: bool, asked_anew: bool) -> str | None:
        """Why it has to stop now, as the end of a sentence; None where it may go on. `paused`: it
        is asked to wait; `asked_anew`: somebody has just asked for something."""
        now = time.monotonic()
        if not paused:
            self._used += now - self._last
        if asked_anew or not paused:
            self._since = now
        self._last = now
        if self._seconds is not None and self._used > self._seconds:
            return f"it has had its {duration(self._seconds)} of training"
        if self._pause is not None and now - self._since > self._pause and now > self._look_at:
            self._look_at = now + LOOK_SECONDS
            mine = queue.own_ticket(self._run)
            if mine and mine.taken and queue.waits_for(mine.taken):
                pause = duration(self._pause)
                return f"paused for {pause} while others waited, it gave way; it can be resumed"
        return None
