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
from collections.abc import Callable
from typing import IO, Any

from cnn.common import workspaces
from cnn.common.paths import PROJECT
from cnn.common.server import server_settings
from cnn.common.text import duration, excerpt, plural
from cnn.network import Architecture, from_dict
from cnn.runs import limits
from cnn.runs.config import RunError
from cnn.runs.folders import environment
from cnn.training import Settings, read_settings

SECONDS = 180.0

JSON = dict[str, Any]


class Line:
    """Those who may work, so many at a time, and those who wait: first come, first served."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._all: list[object] = []  # in the order in which they came

    def join(self, who: object) -> None:
        """Come in behind all others."""
        with self._change:
            self._all.append(who)

    def before(self, who: object, most: int) -> int:
        """How many have to leave before it is the turn of `who`, where `most` work at a time."""
        with self._change:
            return max(0, self._all.index(who) - most + 1) if who in self._all else 0

    def wait(self, who: object, most: int, given_up: Callable[[], bool]) -> None:
        """Until it is the turn of `who`, or it has `given_up`; `look_again` lets it notice."""
        with self._change:
            self._change.wait_for(lambda: given_up() or self._all.index(who) < most)

    def look_again(self) -> None:
        """Let those who wait ask whether they have given up."""
        with self._change:
            self._change.notify_all()

    def leave(self, who: object) -> None:
        """Make room."""
        with self._change:
            self._all.remove(who)
            self._change.notify_all()


class Job:
    """`python -m cnn.ROOM.MODULE` with `question` on its standard input.

    `rows` grows while it runs; `error` says in one line why it failed. Of those that may run
    `most_at_once` on this server it first waits for its turn. It is ended `seconds` after it has
    begun, and with the process that started it. What a visitor asks for comes by `start`.
    """

    def __init__(
        self,
        module: str,
        question: JSON,
        seconds: float = SECONDS,
        room: str = "runs",
        most_at_once: int | None = None,
    ) -> None:
        self.rows: list[JSON] = []
        self.error: str | None = None
        self.cancelled = False
        self._seconds, self._is_late, self._most = seconds, False, most_at_once
        self._change = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._environment = environment(workspaces.current())
        if most_at_once is not None:
            _line.join(self)
        self._thread = threading.Thread(
            target=self._work, args=(f"cnn.{room}.{module}", question), daemon=True
        )
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it has not ended: more rows may come."""
        return self._thread.is_alive()

    def wait(self) -> None:
        """Until it has ended."""
        self._thread.join()

    @property
    def waits(self) -> str:
        """What it waits for before it begins, in words; empty once it has."""
        before = 0 if self._most is None else _line.before(self, self._most)
        return f"Waits for its turn: {plural(before, 'measurement')} of others first" * bool(before)

    def cancel(self) -> None:
        """End it now."""
        with self._change:
            self.cancelled = True
            self._kill()
        _line.look_again()

    def _kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(OSError):
                self._process.kill()

    def _end_late(self) -> None:
        self._is_late = True
        self._kill()

    def _work(self, module: str, question: JSON) -> None:
        """Wait for the turn, and run to the end."""
        try:
            if self._most is not None:
                _line.wait(self, self._most, lambda: self.cancelled)
            with tempfile.TemporaryFile("w+") as errors:
                with self._change:
                    if self.cancelled:
                        return
                    self._process = self._start(module, errors)
                self._read(self._process, question, errors)
        except OSError as error:
            self.error = f"It could not be started: {error.strerror}."
        finally:
            if self._most is not None:
                _line.leave(self)

    def _start(self, module: str, errors: IO[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=PROJECT,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )

    def _read(self, process: subprocess.Popen[str], question: JSON, errors: IO[str]) -> None:
        timer = threading.Timer(self._seconds, self._end_late)
        timer.daemon = True
        timer.start()
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(OSError), process.stdin as stdin:
            stdin.write(json.dumps(question))
        with process.stdout as stdout:
            for line in stdout:
                with contextlib.suppress(ValueError):
                    row = json.loads(line)
                    if isinstance(row, dict):
                        self.rows.append(row)
        code = process.wait()
        timer.cancel()
        errors.seek(0)
        lines = errors.read().strip().splitlines()
        if code and self._is_late:
            self.error = f"It was ended after {duration(self._seconds)}."
        elif code and not self.cancelled:
            self.error = excerpt(lines[-1], 400) if lines else f"It ended with code {code}."


_line = Line()
_change = threading.Lock()
_of_workspace: dict[str, Job] = {}  # the newest of each


def start(
    module: str,
    question: JSON,
    seconds: float = SECONDS,
    room: str = "runs",
    architecture: Architecture | None = None,
) -> Job:
    """The job, where this workspace may start it now: `architecture` is what it trains. On a class
    server a workspace has one at a time, which ends when a run's time would be up; of all
    workspaces' as many as `CNN_MAX_JOBS` says run at once, and the others wait for their turn. The
    teacher's begin at once. Raises RunError."""
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
        seconds = min(seconds, limit.seconds or seconds)
        job = Job(module, question, seconds, room, server_settings().max_jobs)
        _of_workspace[workspace] = job
    return job


def read_question() -> tuple[Architecture, Settings, JSON]:
    """The question of the job that this process is: a network, its settings, and the rest."""
    question = json.load(sys.stdin)
    return from_dict(question["architecture"]), read_settings(question["settings"]), question


def answer(**row: object) -> None:
    """Print one row of the answer."""
    print(json.dumps(row), flush=True)
