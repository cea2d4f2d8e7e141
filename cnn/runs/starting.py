"""Starting a run's worker: exactly one, whoever else wants to start, stop or delete the run.

Launching, resuming and starting again are decided while the run's lock is held, which then passes
to the worker. Imports no torch.
"""

from __future__ import annotations

import subprocess
import sys
import time

from cnn.common.files import write_json
from cnn.common.paths import PROJECT
from cnn.runs import limits, queue, standby
from cnn.runs.folders import changing_runs, environment
from cnn.runs.locks import CAN_HAND_ON, MOMENT, Lock
from cnn.runs.records import ControlFile
from cnn.runs.run import ACTIVE, Run, RunError

ENDING_SECONDS = 20.0  # of a worker that has written its last status; several processes take longer


def hold(run: Run) -> Lock:
    """The run's lock, for whoever trains it or decides that; waits for a worker that is ending.

    Raises RunError where the run is being trained, is gone, or is an example.
    """
    run.require_own()
    deadline = time.monotonic() + ENDING_SECONDS
    while True:
        try:
            lock = Lock.take(run.files.lock, MOMENT)
        except OSError as error:
            raise RunError(f"'{run.id}' cannot be started: {error.strerror}.") from error
        if lock:
            return lock
        if run.last_status()["state"] in ACTIVE:
            raise RunError(f"'{run.name}' is being trained already.")
        if time.monotonic() > deadline:
            raise RunError(f"'{run.name}' is still ending. Try again in a few seconds.")


def prepare(run: Run, from_scratch: bool = False) -> None:
    """Bring the folder of `run`, whose lock is held, to where its training goes on, or to its
    beginning where nothing to go on from was kept, and queue it. Call it while changing runs.

    Raises RunError for a finished or deleted run, and OSError.
    """
    if not run.files.config.is_file():
        raise RunError(f"'{run.id}' was deleted.")
    status = run.last_status()
    if status["state"] == "finished":
        raise RunError(f"'{run.name}' has finished: there is nothing left to train.")
    limits.require_may_start(run)
    if run.files.checkpoints.is_symlink():
        raise RunError(f"'{run.id}' keeps its checkpoints behind a link: put a folder there.")
    run.files.clear_half_written()
    if from_scratch or not run.files.resume.is_file():
        run.files.clear_attempt()
        status = {"state": "queued"}
    else:
        rate = run.control().get("learning_rate")  # all else was asked of the earlier attempt
        write_json(run.files.control, {} if rate is None else {"learning_rate": rate})
    run.files.checkpoints.mkdir(exist_ok=True)
    queue.take_ticket(run)
    run.write_status(**{**status, "state": "queued", "message": "Starting"})


def launch(run: Run, from_scratch: bool = False, control: ControlFile | None = None) -> None:
    """Start the worker as a process of its own: it goes on from what the run had kept, if anything,
    and else begins anew. `control` is asked of it from the start: to wait after one step, say.
    Raises RunError where it cannot be started, or works already."""
    lock = hold(run)
    try:
        with changing_runs():
            prepare(run, from_scratch)
            if control:
                write_json(run.files.control, {**run.control(), **control})
            if not CAN_HAND_ON:
                lock.release()  # the worker takes it
            pid = standby.hand_over(run, lock) if CAN_HAND_ON else None
            run.write_process(pid or _start(run, lock))
    except OSError as error:
        raise RunError(f"The worker could not be started: {error}.") from error
    finally:
        lock.leave()
    standby.replace(run)
    if not CAN_HAND_ON:
        _wait_until_held(run)


def start_again(run: Run) -> None:
    """Train `run` from its beginning, forgetting what it had learned. Raises RunError."""
    launch(run, from_scratch=True)


def _start(run: Run, lock: Lock) -> int:
    """Start a process that trains `run`; returns its id."""
    command = [sys.executable, "-m", "cnn", "worker", run.id]
    if CAN_HAND_ON:
        command += ["--lock", str(lock.handle)]
    with run.files.log.open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env={**environment(run.workspace), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a Ctrl-C meant for the app is not meant for the training
            pass_fds=(lock.handle,) if CAN_HAND_ON else (),
        )
    return process.pid


def _wait_until_held(run: Run) -> None:
    deadline = time.monotonic() + ENDING_SECONDS
    while not run.is_alive() and run.last_status()["state"] in ACTIVE:
        if time.monotonic() > deadline:
            raise RunError(f"The worker of '{run.name}' does not start. Its log says why.")
        time.sleep(0.02)
