"""The worker process: waits for its turn, trains a run, and writes down how it ended.

Started by `runs.launch` as `python -m cnn worker RUN`, or in-process by `python -m cnn train`. It
holds the run's lock for its life. torch is imported only once its turn has come: here for one
process, in processes of their own (`ranks`) for several.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from cnn.runs import queue, ranks
from cnn.runs.failures import record_failure
from cnn.runs.file_control import FileControl
from cnn.runs.folders import changing_runs
from cnn.runs.locks import Lock
from cnn.runs.priority import stand_back
from cnn.runs.records import State
from cnn.runs.run import Run, RunError
from cnn.runs.starting import hold, prepare
from cnn.runs.store import open_run
from cnn.runs.waiting import place
from cnn.training import devices
from cnn.training.torchrun import has_several_processes, is_leader

if TYPE_CHECKING:
    from cnn.training.events import Event

    OnEvent = Callable[[Event], None] | None

ORPHAN_SECONDS = 30.0  # for a process of several whose worker died: to keep what it has learned


def main(arguments: list[str]) -> int:
    """`python -m cnn worker RUN`; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m cnn worker")
    parser.add_argument("run")
    parser.add_argument("--lock", type=int, help="the open file in which the run's lock was taken")
    parser.add_argument("--device", help="where this process trains, one of several")
    parser.add_argument("--parent", type=int, help="the process that started this one of several")
    options = parser.parse_args(arguments)
    try:
        run = open_run(options.run)
        run.require_own()
        lock = None if options.lock is None else Lock.inherited(options.lock)
        if options.parent is not None:
            return 1 if run_rank(run, options.device, options.parent) == "failed" else 0
        return 1 if run_worker(run, lock=lock) == "failed" else 0
    except RunError as error:
        print(f"cnn: {error}", file=sys.stderr)
        return 2


def run_worker(
    run: Run, on_event: OnEvent = None, background: bool = True, lock: Lock | None = None
) -> State:
    """Train `run` until it ends; returns its last state. Every failure ends in its status.

    `background` lowers the process's priority, so that the app stays quick while it trains. `lock`
    is the run's, where a launch has taken it, which has prepared the run as well. Raises RunError
    where there is nothing to train, or another process does.
    """
    if has_several_processes() and not is_leader():  # started by torchrun on several machines
        return run_rank(run, run.config.device, os.getppid())
    held = lock or hold(run)
    try:
        if lock is None:
            with changing_runs():
                prepare(run)
        run.write_process(os.getpid())
        return _work(run, held, on_event, background)
    finally:
        held.release()
        if run.control().get("discard"):
            with contextlib.suppress(RunError):
                run.delete()


def _work(run: Run, lock: Lock, on_event: OnEvent, background: bool) -> State:
    """Wait for the turn and train, with the run's lock held."""
    control = FileControl(run)
    if has_several_processes():
        _do_not_outlive(os.getppid(), control.interrupt)
    if background and "torch" not in sys.modules:
        stand_back()  # already while PyTorch is imported; a worker in standby does later
    with stop_signals(control.interrupt):
        try:
            wanted, stopped = run.config.device, lambda: control.stop
            with queue.turn(run, wanted, stopped, _Waiting(run).tell) as device:
                if device is None:
                    run.write_status(state="stopped", message="Stopped before it started")
                    return "stopped"
                count = _process_count(run, device)
                if count > 1 and not has_several_processes():
                    run.write_status(**{**run.last_status(), "message": "Loading PyTorch"})
                    return ranks.train(run, device, count, lock, stopped)
                return _train(run, device, control, on_event, background)
        except Exception as error:
            record_failure(run, error, background)
            return "failed"


class _Waiting:
    """Says what a waiting run waits for, whenever that changes: in its status, and to whoever
    reads its log or sits at the terminal."""

    def __init__(self, run: Run):
        self._run, self._told = run, ""

    def tell(self) -> None:
        """Look where the run stands now."""
        now = place(self._run)
        if now and now.text != self._told:
            self._told = now.text
            status = {**self._run.last_status(), "state": "queued", "message": now.text}
            self._run.write_status(**status)
            print(now.text, file=sys.stderr, flush=True)


def _process_count(run: Run, device: str) -> int:
    """How many processes train on `device`: one for each GPU of `cuda:all`."""
    count = devices.processes(device)
    if count != "gpu":
        return int(count or 1)
    mine = queue.own_ticket(run)
    return len(mine.taken.lock_names) if mine and mine.taken else 1


def run_rank(run: Run, device: str, parent: int) -> State:
    """Train `run` as one of several processes, of which `parent` was started to watch."""
    control = FileControl(run)
    _do_not_outlive(parent, control.interrupt)
    with stop_signals(control.interrupt):
        try:
            return _train(run, device, control, None, background=True)
        except Exception as error:
            record_failure(run, error, background=True)
            return "failed"


def _do_not_outlive(parent: int, stop: Callable[[], None]) -> None:
    """Once the process `parent` is gone, let this one stop, as on a click, and at last die."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        stop()
        time.sleep(ORPHAN_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextlib.contextmanager
def stop_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Let SIGTERM and SIGINT, such as Ctrl-C, call `stop`."""
    before = {}
    with contextlib.suppress(ValueError):  # not the main thread: then nobody signals it
        for number in (signal.SIGTERM, signal.SIGINT):
            before[number] = signal.signal(number, lambda *_: stop())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _train(
    run: Run, wanted: str, control: FileControl, on_event: OnEvent, background: bool
) -> State:
    """Train `run` in this process, alone or as one of several."""
    if is_leader():
        run.write_status(**{**run.last_status(), "state": "queued", "message": "Loading PyTorch"})

    from cnn.runs.checkpoints import EARLY_STEPS
    from cnn.runs.session import Session, load_resume, log, make_trainer
    from cnn.training.accelerators import ACCELERATORS
    from cnn.training.distributed import process_group

    if is_leader():
        log(f"worker {os.getpid()} trains {run.id}")
    device = devices.find_device(wanted)
    with process_group(ACCELERATORS[device.kind].distributed_backend) as group:
        if group.is_leader:
            return Session(run, control, device, group, on_event, background).train()
        trainer, _ = make_trainer(run, device, group)  # trains along, and writes nothing
        load_resume(run, trainer)
        for _ in trainer.events(control, report_at=EARLY_STEPS):
            pass
        return "finished"
