"""Short work in a process of its own: a question in JSON goes in, rows in JSON come out.

The app's own process stays responsive, and the memory that the work took is freed with it.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
from typing import Any

from cnn.common import workspaces
from cnn.common.paths import PROJECT
from cnn.common.text import duration, excerpt
from cnn.network import Architecture, from_dict
from cnn.runs import limits
from cnn.runs.config import RunError
from cnn.runs.folders import environment
from cnn.training import Settings, read_settings

SECONDS = 180.0

JSON = dict[str, Any]


class Job:
    """`python -m cnn.ROOM.MODULE` with `question` on its standard input.

    `rows` grows while it runs; `error` says in one line why it failed. It is ended after
    `seconds`, and with the process that started it. What a visitor asks for comes by `start`.
    """

    def __init__(
        self, module: str, question: JSON, seconds: float = SECONDS, room: str = "runs"
    ) -> None:
        self.rows: list[JSON] = []
        self.error: str | None = None
        self.cancelled = False
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"cnn.{room}.{module}"],
            cwd=PROJECT,
            env=environment(workspaces.current()),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._seconds, self._is_late = seconds, False
        self._timer = threading.Timer(seconds, self._end_late)
        self._timer.daemon = True
        self._timer.start()
        self._thread = threading.Thread(target=self._read, args=(question,), daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it has not ended: more rows may come."""
        return self._thread.is_alive()

    def wait(self) -> None:
        """Until it has ended."""
        self._thread.join()

    def cancel(self) -> None:
        """End it now."""
        self.cancelled = True
        with contextlib.suppress(OSError):
            self._process.kill()

    def _end_late(self) -> None:
        self._is_late = True
        with contextlib.suppress(OSError):
            self._process.kill()

    def _read(self, question: JSON) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(OSError), self._process.stdin as stdin:
            stdin.write(json.dumps(question))
        for line in self._process.stdout:
            with contextlib.suppress(ValueError):
                row = json.loads(line)
                if isinstance(row, dict):
                    self.rows.append(row)
        code = self._process.wait()
        self._timer.cancel()
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        self._errors.close()
        if code and self._is_late:
            self.error = f"It was ended after {duration(self._seconds)}."
        elif code and not self.cancelled:
            self.error = excerpt(lines[-1], 400) if lines else f"It ended with code {code}."


_change = threading.Lock()
_of_workspace: dict[str, Job] = {}  # the newest of each


def start(
    module: str,
    question: JSON,
    seconds: float = SECONDS,
    room: str = "runs",
    architecture: Architecture | None = None,
) -> Job:
    """The job, where this workspace may start it now: `architecture` is what it trains; on a class
    server one at a time, which ends when a run's time would be up. Raises RunError."""
    limits.require_may_change()
    workspace = workspaces.current()
    limit = limits.limits(workspace)
    if architecture is not None:
        limits.require_parameters(architecture, limit)
    if workspace in (None, workspaces.CLASS):
        return Job(module, question, seconds, room)
    with _change:
        for other in [name for name, job in _of_workspace.items() if not job.running]:
            del _of_workspace[other]
        if workspace in _of_workspace:
            raise RunError(
                "This workspace is measuring, or finding a learning rate, already: wait for the "
                "end, or cancel it."
            )
        job = Job(module, question, min(seconds, limit.seconds or seconds), room)
        _of_workspace[workspace] = job
    return job


def read_question() -> tuple[Architecture, Settings, JSON]:
    """The question of the job that this process is: a network, its settings, and the rest."""
    question = json.load(sys.stdin)
    return from_dict(question["architecture"]), read_settings(question["settings"]), question


def answer(**row: object) -> None:
    """Print one row of the answer."""
    print(json.dumps(row), flush=True)
