"""Several processes that train one run: the worker starts them once its turn has come, and watches.

It tells each its rank through the environment, as `torchrun` does, which serves where several
machines take part. Here the worker does it itself: it needs no torch for that, knows which process
died, and hands each its locks, so that a run counts as alive until the last of them is gone.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from cnn.runs.locks import CAN_HAND_ON, Lock
from cnn.runs.records import State
from cnn.runs.run import ACTIVE, Run, RunError

POLL_SECONDS = 0.05
END_SECONDS = 3.0  # for a process that was asked to end
FOLLOWER_SECONDS = 20.0  # for the others once the leading process has ended well


def train(run: Run, device: str, count: int, lock: Lock, stopped: Callable[[], bool]) -> State:
    """Train `run` in `count` processes; returns its last state. One that dies ends them all, and
    the status says which it was."""
    processes: list[subprocess.Popen[bytes]] = []
    try:
        port = _free_port()
        for rank in range(count):
            processes.append(_start(run, device, rank, count, port, lock))
        exit_codes = _watch(run, processes, stopped)
    finally:
        _end(processes)
    _settle(run, exit_codes, stopped())
    return run.last_status()["state"]


def _start(
    run: Run, device: str, rank: int, count: int, port: int, lock: Lock
) -> subprocess.Popen[bytes]:
    environment = {
        "OMP_NUM_THREADS": "1",  # as torchrun has it: the cores are shared among the processes
        **os.environ,
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(count),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    command = [sys.executable, "-m", "cnn", "worker", run.id, "--device", device]
    command += ["--parent", str(os.getpid())]
    if CAN_HAND_ON:
        return subprocess.Popen(
            [*command, "--lock", str(lock.handle)], env=environment, pass_fds=(lock.handle,)
        )
    return subprocess.Popen(command, env=environment)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _watch(
    run: Run, processes: Sequence[subprocess.Popen[bytes]], stopped: Callable[[], bool]
) -> list[int | None]:
    """Wait until all have ended, or one has failed; returns their exit codes, None for those that
    live. Passes a signal to stop on, through the run's file."""
    passed_on, leader_ended = False, 0.0
    while None in (codes := [process.poll() for process in processes]) and not any(codes):
        if stopped() and not passed_on:
            passed_on = True
            try:
                run.send(stop=True)
            except RunError:  # the disk is full
                processes[0].terminate()  # the leading one takes that for a stop as well
        if codes[0] == 0:
            leader_ended = leader_ended or time.monotonic()
            if time.monotonic() - leader_ended > FOLLOWER_SECONDS:
                break
        time.sleep(POLL_SECONDS)
    return codes


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Let none live on: they have a moment to end by themselves."""
    deadline = time.monotonic() + END_SECONDS
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _settle(run: Run, exit_codes: Sequence[int | None], stopped: bool) -> None:
    """Say in the status which process was killed, or that none has said how the training ended."""
    status = run.last_status()
    if status["state"] in ("finished", "stopped"):
        return
    killed = next(((n, -c) for n, c in enumerate(exit_codes, 1) if c is not None and c < 0), None)
    if killed and stopped and killed[1] == signal.SIGTERM:  # before it could listen to that
        status["state"], status["message"] = "stopped", "Stopped before it started"
    elif killed:
        name = signal.Signals(killed[1]).name
        status["state"] = "failed"
        status["message"] = f"Process {killed[0]} of {len(exit_codes)} was killed ({name})."
        if name == "SIGKILL":
            status["message"] += " Perhaps the machine ran out of memory."
    elif status["state"] in ACTIVE:
        status["state"] = "failed"
        status["message"] = "The training processes ended without a word. The log below says more."
    run.write_status(**status)
