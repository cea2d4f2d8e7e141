"""How long a run may train, and pause on its device, where others share it. Imports no torch."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cnn.common.text import duration
from cnn.runs import queue
from cnn.runs.limits import limits
from cnn.runs.run import Run

if TYPE_CHECKING:
    from cnn.training.resuming import Position

LOOK_SECONDS = 1.0  # between two looks at who waits


class TimeLimits:
    """What is left of a run's time. Begins where its training begins, or goes on.

    Counted is the time that it holds its device without waiting, in slow motion too: of a pause the
    steps that are asked for one by one. What it waits adds up over all its pauses, whatever is
    asked for meanwhile; each second of training takes one off again.
    """

    def __init__(self, run: Run, position: Position | None = None):
        limit = limits(run.workspace)
        self._run, self._seconds, self._pause = run, limit.seconds, limit.pause
        self._used = run.last_status().get("train_seconds", 0.0)
        self._position, self._step = position, position.step if position else 0
        self._waited = 0.0
        self._last = self._look_at = time.monotonic()

    def why_to_stop(self, paused: bool) -> str | None:
        """Why it has to stop now, as the end of a sentence; None where it may go on. `paused`: it
        is asked to wait, though it may go on for a few steps."""
        now = time.monotonic()
        passed, self._last = now - self._last, now
        if paused and not self._has_stepped():
            self._waited += passed
        else:
            self._used += passed
            self._waited = max(0.0, self._waited - passed)
        if self._seconds is not None and self._used > self._seconds:
            return f"it has had its {duration(self._seconds)} of training"
        if self._pause is not None and self._waited > self._pause and now > self._look_at:
            self._look_at = now + LOOK_SECONDS
            mine = queue.own_ticket(self._run)
            if mine and mine.taken and queue.waits_for(mine.taken):
                pause = duration(self._pause)
                return f"paused for {pause} while others waited, it gave way; it can be resumed"
        return None

    def _has_stepped(self) -> bool:
        before, self._step = self._step, self._position.step if self._position else 0
        return self._step != before
