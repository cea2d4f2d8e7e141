"""The background process: reads a run's config, drives training, writes what it yields.

Started by `runs.launch` as `python -m cnn worker RUN`, or in-process by `python -m cnn train`.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import signal
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from cnn.common.files import read_json, write_json
from cnn.runs.run import Run
from cnn.runs.store import device_lock
from cnn.training import memory


class FileControl:
    """The run's control file, looked at before every step: one `stat` where nothing changed."""

    def __init__(self, run: Run):
        self._run, self._path, self._seen = run, str(run.path / "control.json"), (-1, -1)
        self._parent = os.getppid() if int(os.environ.get("WORLD_SIZE", "1")) > 1 else None
        self.interrupted = False
        self._values: dict[str, Any] = {}

    def _look(self) -> dict[str, Any]:
        try:
            found = os.stat(self._path)  # noqa: PTH116 - before every step: 1 µs
        except OSError:
            return self._values
        # The time alone ticks every few ms only: two changes within one would look like one.
        changed = (found.st_mtime_ns, found.st_ino)
        if changed != self._seen:
            self._seen, self._values = changed, self._run.control()
        return self._values

    @property
    def stop(self) -> bool:
        """Asked to stop, by the file or by a signal; or torchrun, which started us, was killed."""
        if self._parent is not None and os.getppid() != self._parent:
            return True
        return self.interrupted or bool(self._look().get("stop"))

    @property
    def paused(self) -> bool:
        """Asked to wait."""
        return bool(self._values.get("paused"))

    @property
    def learning_rate(self) -> float | None:
        """A new peak learning rate."""
        value = self._values.get("learning_rate")
        return float(value) if isinstance(value, int | float) and 0 < value <= 10 else None


def run_worker(
    run: Run, on_event: Callable[[Any], None] | None = None, background: bool = True
) -> str:
    """Train `run` until it ends; returns its last state. Every failure ends in its status.

    `background` lowers the process's priority, so that the app stays quick while it trains.
    """
    leads, several = os.environ.get("RANK", "0") == "0", "WORLD_SIZE" in os.environ
    if leads:
        run.write_process(os.getppid() if several else os.getpid())
    control = FileControl(run)

    def interrupt(*_: object) -> None:
        control.interrupted = True

    before = {}
    with contextlib.suppress(ValueError):  # not the main thread: then nobody signals it
        for number in (signal.SIGTERM, signal.SIGINT):
            before[number] = signal.signal(number, interrupt)
    if background:
        with contextlib.suppress(OSError, AttributeError):
            os.nice(5)
    try:
        return _train(run, control, on_event)
    except Exception as error:
        with contextlib.suppress(OSError):
            if background:  # whose stderr is the log; a terminal gets the one line below
                traceback.print_exc()
            else:
                with (run.path / "log.txt").open("a") as file:
                    traceback.print_exc(file=file)
        with contextlib.suppress(OSError):
            status = read_json(run.path / "status.json") or {}
            if status.get("state") != "failed":  # of several processes the first tells the cause
                said = {
                    "state": "failed",
                    "message": explain(error),
                    "suggested_settings": suggest_settings(run, error),
                }
                run.write_status(**{**status, **said})
        return "failed"
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def explain(error: Exception) -> str:
    """What went wrong, in words for the person who pressed Train."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full: nothing more could be saved. Free some space, then resume."
    if is_out_of_memory(error):
        return "The device ran out of memory. Use a smaller batch size or a smaller network."
    if isinstance(error, (OSError, RuntimeError, ValueError)) and str(error):
        return str(error).splitlines()[0][:400]
    return f"{type(error).__name__}: the log below says where."


def is_out_of_memory(error: Exception) -> bool:
    """Whether a device or the machine had no memory left (torch's CPU says it in other words)."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in text or "allocate memory" in text


def suggest_settings(run: Run, error: Exception) -> dict[str, Any] | None:
    """The settings with which another try should work, None where that is not known."""
    if is_out_of_memory(error):
        settings, free = run.config.settings, None
        with contextlib.suppress(Exception):
            from cnn.training.devices import find_device

            gc.collect()  # what the failed training held is free by now
            free = find_device(run.config.device).memory_free
        fits = memory.largest_batch(run.config.architecture, settings, free)
        return {"batch_size": fits} if fits < settings.batch_size else None
    return getattr(error, "suggested_settings", None) or None


@contextlib.contextmanager
def device_turn(run: Run, devices: list[str], control: FileControl) -> Iterator[bool]:
    """Wait until no other run trains on any of `devices`. False where stopped while waiting."""
    from filelock import FileLock, Timeout

    with contextlib.ExitStack() as held:
        for device in devices:  # always in the same order, so that no two wait for each other
            path = device_lock(device)
            path.parent.mkdir(parents=True, exist_ok=True)
            lock, holder = FileLock(path), path.with_suffix(".json")
            while True:
                try:
                    lock.acquire(timeout=0.2)
                    break
                except Timeout:
                    if control.stop:
                        yield False
                        return
                    behind = str((read_json(holder) or {}).get("name", "another run"))
                    status = read_json(run.path / "status.json") or {}
                    waits = f"Waiting for {device}: {behind} trains"
                    run.write_status(**{**status, "state": "queued", "message": waits})
            held.callback(lock.release)
            held.callback(holder.unlink, missing_ok=True)
            write_json(holder, {"name": run.name, "id": run.id})
        yield True


def _train(run: Run, control: FileControl, on_event: Callable[[Any], None] | None) -> str:
    from cnn.runs.session import Session, log
    from cnn.training import devices, distributed  # torch only now: the signals are already heeded

    config, leads = run.config, distributed.is_leader()
    if leads:
        run.write_status(state="queued", message="Loading PyTorch")
        log(f"worker {os.getpid()} trains {run.id}")
    device = devices.find_device(config.device)
    if devices.processes(device.id) and not distributed.several():
        raise devices.DeviceError(
            f"{device.name} takes several processes: start them with torchrun, or from the app."
        )
    places = [device.id]
    if device.id == "cuda:all":
        gpus = [d.id for d in devices.list_devices() if d.id.startswith("cuda:")]
        places = [gpu for gpu in gpus if gpu != device.id]
    elif device.id.startswith("cpu"):
        places = ["cpu"]
    with device_turn(run, places, control) if leads else contextlib.nullcontext(True) as granted:
        # Several processes meet only now: the others wait here for as long as the leader queues.
        backend = "nccl" if device.id.startswith("cuda") else "gloo"
        with distributed.joined(backend) as world:
            if world.agree((not granted, False, None, False))[0]:
                if world.leads:
                    run.write_status(state="stopped", message="Stopped before it started")
                return "stopped"
            if world.leads:
                return Session(run, control, device, world, on_event).train()
            return _follow(run, control, device, world)


def _follow(run: Run, control: FileControl, device: Any, world: Any) -> str:
    """One of several processes that does not lead: it trains, and writes nothing."""
    from cnn.runs.session import load_resume, make_trainer

    trainer = make_trainer(run, device, world)[0]
    load_resume(run, trainer)
    for _ in trainer.events(control):
        pass
    return "finished"
