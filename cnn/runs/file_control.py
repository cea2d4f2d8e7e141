"""What the user asks of a run in training, as the worker reads it: before every step."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cnn.runs.records import ControlFile
from cnn.runs.run import Run
from cnn.runs.time_limits import TimeLimits

if TYPE_CHECKING:
    from cnn.training.resuming import Position


class FileControl:
    """The run's control file, read before every step: one `stat` where nothing changed."""

    def __init__(self, run: Run):
        self._run, self._path, self._seen = run, str(run.files.control), (-1, -1)
        self.interrupted = False
        self.stopped_for: str | None = None  # why, where nobody asked it to stop
        self._time: TimeLimits | None = None
        self._values = ControlFile()

    def _read(self) -> ControlFile:
        try:
            found = os.stat(self._path)  # noqa: PTH116 - before every step: 1 µs
        except OSError:
            return self._values
        # The time alone ticks every few ms only: two changes within one would look like one.
        changed = (found.st_mtime_ns, found.st_ino)
        if changed != self._seen:
            self._seen, self._values = changed, self._run.control()
        return self._values

    def begin(self, position: Position | None = None) -> None:
        """Its training begins, and moves `position` on: from now on its time counts."""
        self._time = TimeLimits(self._run, position)

    def interrupt(self) -> None:
        """Ask to stop, as a click on Stop does."""
        self.interrupted = True

    @property
    def stop(self) -> bool:
        """Asked to stop, by the file or by a signal, or its time is over."""
        if self.interrupted or self._read().get("stop"):
            return True
        if self._time is not None:
            self.stopped_for = self._time.why_to_stop(self.paused)
            self.interrupted = self.stopped_for is not None
        return self.interrupted

    @property
    def paused(self) -> bool:
        """Asked to wait."""
        return bool(self._values.get("paused"))

    @property
    def run_until(self) -> int:
        """A step to train up to although asked to wait."""
        return self._values.get("run_until", 0)

    @property
    def until_epoch(self) -> int:
        """How many epochs to train although asked to wait."""
        return self._values.get("until_epoch", 0)

    @property
    def pace(self) -> float:
        """Seconds to rest after each step."""
        return self._values.get("pace", 0.0)

    @property
    def learning_rate(self) -> float | None:
        """A new peak learning rate."""
        value = self._values.get("learning_rate")
        return float(value) if isinstance(value, int | float) and 0 < value <= 10 else None
