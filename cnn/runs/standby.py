"""A worker in standby: it has imported torch already, and waits to be handed a run.

One for each server, begun by `start` and ended by `end`. A launch whose run's turn has come hands
the run's lock and log to it over a Unix socket (`hand_over`); another takes its place as soon as
that run has begun to learn. While it waits it costs memory and no time, holds no GPU, and measures
a network's speed when asked. Whatever is wrong with it, the launch starts a worker as without it.
Imports no torch; what the waiting process does is in `standby_worker` and `standby_tasks`.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time

import psutil

from cnn.common.paths import PROJECT
from cnn.runs import queue
from cnn.runs.channel import CAN_SEND_FILES, JSON, Channel
from cnn.runs.folders import environment
from cnn.runs.locks import Lock
from cnn.runs.run import Run
from cnn.training.devices import processes

# The environment that is read once, when a library is imported. Other variables come and go: torch
# adds one of its own to that of a process in which it has computed.
READ_AT_IMPORT = ("CNN_", "CUDA_", "NVIDIA_", "HIP_", "OMP_", "GOMP_", "MKL_", "TORCH_", "PYTORCH_")
LEAST_MEMORY = 4e9  # bytes available: it takes about 0.4e9 of them
ANSWER_SECONDS = 1.0  # for saying that it takes a run
BEGIN_SECONDS = 30.0  # in which a run should have begun to learn
MEASURE_SECONDS = 20.0
LOOK_SECONDS = 0.2
END_SECONDS = 5.0


def _read_at_import() -> dict[str, str]:
    return {name: v for name, v in environment().items() if name.startswith(READ_AT_IMPORT)}


class _Waiting:
    """A process in standby, and the channel to it."""

    def __init__(self) -> None:
        self._started_with = _read_at_import()
        mine, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cnn.runs.standby_worker", str(theirs.fileno())],
                cwd=PROJECT,
                env={**environment(), "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # the run's log takes their place
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C meant for the app is not meant for the training
                pass_fds=(theirs.fileno(),),
            )
        self.channel = Channel(mine)
        self.talking = threading.Lock()  # one question and its answer at a time
        self._looking = threading.Lock()
        self._said_ready = False

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    @property
    def usable(self) -> bool:
        """Whether it lives, and has imported its libraries in the environment as it is now."""
        return self.alive and self._started_with == _read_at_import()

    @property
    def ready(self) -> bool:
        """Whether it lives and has imported torch: it waits for a message."""
        with self._looking, contextlib.suppress(OSError, ValueError):  # ValueError: it was closed
            if not self._said_ready and self.channel.has_more():
                self._said_ready = self.channel.receive(ANSWER_SECONDS) is not None
        return self._said_ready and self.alive

    def begin(self, run: Run, lock: Lock) -> bool:
        """Hand `run` over; whether it trains it now. If not, the process is gone."""
        try:
            with run.files.log.open("ab") as log:
                self.channel.send(
                    {"run": run.id, "workspace": run.workspace}, (lock.handle, log.fileno())
                )
            with self.talking:  # a measurement breaks off for it, and says so first
                answer = self.channel.receive(ANSWER_SECONDS)
                if answer and answer[0].get("takes") == run.id:
                    # Only with this does it touch the lock: else it might free it while another
                    # worker, started since it was slow to answer, relies on it.
                    self.channel.send({"begin": run.id})
                    return True
        except OSError:
            pass
        finally:
            self.channel.close()
        self.process.kill()
        self.process.wait()
        return False

    def end(self) -> None:
        """End it, in order where it can."""
        self.channel.close()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:  # amid importing
            self.process.kill()
            self.process.wait()


class Standby:
    """The one worker in standby of this process, if any."""

    def __init__(self) -> None:
        self._change = threading.Lock()
        self._wanted = False
        self._waiting: _Waiting | None = None

    def start(self) -> bool:
        """Let a worker wait from now on; whether one does. Nothing happens where one does already,
        where memory is short, and where open files cannot be sent."""
        with self._change:
            self._wanted = CAN_SEND_FILES and os.environ.get("CNN_STANDBY") != "0"
        return self._fill()

    def end(self) -> None:
        """Let none wait any more."""
        with self._change:
            self._wanted, waiting, self._waiting = False, self._waiting, None
        if waiting:
            waiting.end()

    def state(self) -> tuple[int | None, bool]:
        """The process that waits, None without one, and whether it is ready."""
        waiting = self._waiting
        if not waiting or not waiting.alive:
            return None, False
        return waiting.process.pid, waiting.ready

    def hand_over(self, run: Run, lock: Lock) -> int | None:
        """Hand `run`, whose lock is held and which has its ticket, to the worker that waits: its
        process id, or None where none does, or it would not be the run's turn at once."""
        if processes(run.config.device) or not queue.comes_at_once(run):
            return None
        waiting = self._take()
        return waiting.process.pid if waiting and waiting.begin(run, lock) else None

    def _take(self) -> _Waiting | None:
        """The worker that waits, which is no longer the one in standby. None where it is not ready,
        or was started with another environment, which libraries read when they are imported."""
        with self._change:
            waiting = self._waiting
            if not waiting or not waiting.ready or not waiting.usable:
                return None
            self._waiting = None
            return waiting

    def replace(self, run: Run) -> None:
        """Let another wait, where none can be used, as soon as `run` has begun to learn: importing
        torch beside it would delay its first step."""
        waiting = self._waiting
        if self._wanted and not (waiting and waiting.usable):
            threading.Thread(target=self._replace, args=(run,), daemon=True).start()

    def _replace(self, run: Run) -> None:
        deadline = time.monotonic() + BEGIN_SECONDS
        while not run.files.metrics.exists() and run.is_alive() and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
        self._fill()

    def _fill(self) -> bool:
        """Start a worker where none waits that can be used; whether one waits then."""
        with self._change:
            old = self._waiting
            if self._wanted and old and old.usable:
                return True
            self._waiting = None
            if self._wanted and psutil.virtual_memory().available >= LEAST_MEMORY:
                with contextlib.suppress(OSError):
                    self._waiting = _Waiting()
            filled = self._waiting is not None
        if old:
            old.end()
        return filled

    def ask(self, question: JSON) -> JSON | None:
        """What `standby_tasks` answers; None where nobody waits, or a run came in between."""
        waiting = self._waiting
        if not waiting or not waiting.ready:
            return None
        try:
            with waiting.talking:
                waiting.channel.send(question)
                answer = waiting.channel.receive(MEASURE_SECONDS)
        except OSError:
            return None
        return answer[0] if answer else None


_standby = Standby()
start, end, state = _standby.start, _standby.end, _standby.state
hand_over, replace, ask = _standby.hand_over, _standby.replace, _standby.ask
