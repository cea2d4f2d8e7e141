"""The worker process: waits for the device, trains a run, and writes down how it ended.

Started by `runs.launch` as `python -m cnn worker RUN`, or in-process by `python -m cnn train`.
torch is imported only in `_train`, once signals are handled and the status is written.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from cnn.common.files import read_json, write_json
from cnn.common.text import excerpt
from cnn.runs.records import ControlFile, State
from cnn.runs.run import Run
from cnn.runs.store import device_lock
from cnn.training import devices, memory
from cnn.training.device import Device, DeviceError
from cnn.training.torchrun import has_several_processes, is_leader

if TYPE_CHECKING:
    from cnn.training.events import Event

    OnEvent = Callable[[Event], None] | None


class FileControl:
    """The run's control file, read before every step: one `stat` where nothing changed."""

    def __init__(self, run: Run):
        self._run, self._path, self._seen = run, str(run.files.control), (-1, -1)
        self._parent = os.getppid() if has_several_processes() else None
        self.interrupted = False
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

    def interrupt(self) -> None:
        """Ask to stop, as a click on Stop does."""
        self.interrupted = True

    @property
    def stop(self) -> bool:
        """Asked to stop, by the file or by a signal; or torchrun, which started us, was killed."""
        if self._parent is not None and os.getppid() != self._parent:
            return True
        return self.interrupted or bool(self._read().get("stop"))

    @property
    def paused(self) -> bool:
        """Asked to wait."""
        return bool(self._values.get("paused"))

    @property
    def run_until(self) -> int:
        """A step to train up to although asked to wait."""
        value = self._values.get("run_until")
        return value if isinstance(value, int) else 0

    @property
    def learning_rate(self) -> float | None:
        """A new peak learning rate."""
        value = self._values.get("learning_rate")
        return float(value) if isinstance(value, int | float) and 0 < value <= 10 else None


def run_worker(run: Run, on_event: OnEvent = None, background: bool = True) -> State:
    """Train `run` until it ends; returns its last state. Every failure ends in its status.

    `background` lowers the process's priority, so that the app stays quick while it trains.
    """
    if is_leader():  # of several, torchrun's own process is the one to watch
        run.write_process(os.getppid() if "WORLD_SIZE" in os.environ else os.getpid())
    control = FileControl(run)
    if background:
        with contextlib.suppress(OSError, AttributeError):
            os.nice(5)
    with stop_signals(control.interrupt):
        try:
            return _train(run, control, on_event)
        except Exception as error:
            _record_failure(run, error, background)
            return "failed"


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


def _record_failure(run: Run, error: Exception, background: bool) -> None:
    """Write the traceback to the log, and to the status what went wrong, in words."""
    with contextlib.suppress(OSError):
        if background:  # its stderr is the log; a terminal gets the one line below
            traceback.print_exc()
        else:
            with run.files.log.open("a") as file:
                traceback.print_exc(file=file)
    with contextlib.suppress(OSError):
        status = run.last_status()
        if status["state"] != "failed":  # of several processes the first tells the cause
            status["state"], status["message"] = "failed", explain(error)
            status["suggested_settings"] = suggest_settings(run, error)
            run.write_status(**status)


def explain(error: Exception) -> str:
    """What went wrong, in words for the person who pressed Train."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full: nothing more could be saved. Free some space, then resume."
    if memory.is_out_of_memory(error):
        return "The device ran out of memory. Use a smaller batch size or a smaller network."
    if isinstance(error, (OSError, RuntimeError, ValueError)) and str(error):
        return excerpt(str(error).splitlines()[0], 400)
    return f"{type(error).__name__}: the log below says where."


def suggest_settings(run: Run, error: Exception) -> dict[str, float] | None:
    """The settings with which another try should work, None where that is not known."""
    if memory.is_out_of_memory(error):
        settings, free = run.config.settings, None
        with contextlib.suppress(Exception):
            free = _free_memory(run, error)
        fits = memory.largest_batch(run.config.architecture, settings, free)
        return {"batch_size": fits} if fits < settings.batch_size else None
    return getattr(error, "suggested_settings", None) or None


def _free_memory(run: Run, error: Exception) -> int | None:
    """Bytes free on the run's device, once the failed training's are given back."""
    from cnn.training.accelerators import accelerator_for

    # The traceback's frames still hold the trainer: its weights, its images, its activations.
    seen: BaseException | None = error
    while seen is not None:
        traceback.clear_frames(seen.__traceback__)
        seen = seen.__cause__ or seen.__context__
    device = devices.find_device(str(run.last_status().get("device") or run.config.device))
    accelerator = accelerator_for(device)
    accelerator.release_memory()
    return accelerator.memory_free()


@contextlib.contextmanager
def device_turn(run: Run, device_ids: list[str], control: FileControl) -> Iterator[bool]:
    """Wait until no other run trains on any of these devices. False where stopped meanwhile."""
    with contextlib.ExitStack() as held:
        for device in device_ids:  # always in the same order, so that no two wait for each other
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
                    waiting = {
                        "state": "queued",
                        "message": f"Waiting for {device}: {behind} trains",
                    }
                    run.write_status(**{**run.last_status(), **waiting})
            held.callback(lock.release)
            held.callback(holder.unlink, missing_ok=True)
            write_json(holder, {"name": run.name, "id": run.id})
        yield True


def _devices_to_lock(device: Device) -> list[str]:
    """The ids of all devices that a training on `device` takes."""
    if device.id == "cuda:all":
        found = [one.id for one in devices.list_devices()]
        return [name for name in found if name.startswith("cuda:") and name != device.id]
    return ["cpu"] if device.id.startswith("cpu") else [device.id]


def _train(run: Run, control: FileControl, on_event: OnEvent) -> State:
    from cnn.runs.session import Session, load_resume, log, make_trainer
    from cnn.training.distributed import Decision, process_group

    if is_leader():
        run.write_status(state="queued", message="Loading PyTorch")
        log(f"worker {os.getpid()} trains {run.id}")
    device = devices.find_device(run.config.device)
    if devices.processes(device.id) and not has_several_processes():
        raise DeviceError(
            f"{device.name} takes several processes: start them with torchrun, or from the app."
        )
    turn = device_turn(run, _devices_to_lock(device), control)
    # Several processes meet only now: the others wait here for as long as the leader queues.
    backend = "nccl" if device.id.startswith("cuda") else "gloo"
    with (
        turn if is_leader() else contextlib.nullcontext(True) as granted,
        process_group(backend) as group,
    ):
        if group.broadcast_decision(Decision(stop=not granted)).stop:
            if group.is_leader:
                run.write_status(state="stopped", message="Stopped before it started")
            return "stopped"
        if group.is_leader:
            return Session(run, control, device, group, on_event).train()
        trainer, _ = make_trainer(run, device, group)  # trains along, and writes nothing
        load_resume(run, trainer)
        for _ in trainer.events(control):
            pass
        return "finished"
