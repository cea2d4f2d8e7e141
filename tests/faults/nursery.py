"""Workers without the three seconds in which each imports PyTorch: forked from a process that has.

They are workers like any others from there on: `run_worker`, with the run's lock handed on, its
log, a session of their own. So hundreds can be killed in the time of dozens. What happens while
PyTorch is imported, other kills meet: those of workers that are started as usual.
"""

from __future__ import annotations

import importlib
import os
import signal
import socket
import subprocess
import sys
from collections import defaultdict

import psutil

from cnn import runs
from cnn.common.paths import PROJECT
from cnn.runs.channel import Channel
from cnn.runs.folders import environment
from cnn.runs.locks import Lock
from cnn.runs.run import Run


class Nursery:
    """The process that forks; `start` stands in for `cnn.runs.starting._start`."""

    def __init__(self) -> None:
        mine, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.nursery", str(theirs.fileno())],
                cwd=PROJECT,
                env=environment(),
                pass_fds=(theirs.fileno(),),
            )
        self._channel, self._born = Channel(mine), defaultdict[str, list[int]](list)
        assert self._channel.receive()  # it has imported PyTorch

    def start(self, run: Run, lock: Lock) -> int:
        """Fork a worker for `run`; its process's id."""
        with run.files.log.open("ab") as log:
            self._channel.send({"run": run.id}, (lock.handle, log.fileno()))
        answer = self._channel.receive()
        assert answer
        self._born[run.id].append(answer[0]["pid"])
        return answer[0]["pid"]

    def living(self, run_id: str) -> list[psutil.Process]:
        """Those of a run's workers that live."""
        return [psutil.Process(pid) for pid in self._born[run_id] if psutil.pid_exists(pid)]

    def close(self) -> None:
        """End it."""
        self._channel.close()
        self._process.wait(60)


def main(end: int) -> None:
    """Fork a worker for each message, until the other end closes."""
    importlib.import_module("cnn.runs.session")  # imports PyTorch, and computes nothing with it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are buried by the kernel
    channel = Channel(socket.socket(fileno=end))
    channel.send({"ready": True})
    while message := channel.receive():
        content, (lock, log) = message
        pid = os.fork()
        if not pid:
            _work(content["run"], lock, log)
        os.close(lock)
        os.close(log)
        channel.send({"pid": pid})


def _work(run_id: str, lock: int, log: int) -> None:
    """The forked process's whole life."""
    from cnn.runs.worker import run_worker

    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for standard in (1, 2):
            os.dup2(log, standard)
        code = int(run_worker(runs.open_run(run_id), lock=Lock.inherited(lock)) == "failed")
    finally:
        os._exit(code)


if __name__ == "__main__":
    main(int(sys.argv[1]))
