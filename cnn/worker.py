"""The background process: reads a run's config, drives training, writes what it yields.

Started by `runs.launch` as `python -m cnn worker RUN`, or in-process by `python -m cnn train`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from cnn.files import read_json, write_json, write_tensors
from cnn.runs import Run, runs_dir

LIVE_SECONDS = 1.0
LIVE_SHARE = 0.02  # at most this share of the time goes into snapshots
RESUME_SECONDS = 20.0
LIVE_FILTERS = 64


class FileControl:
    """The run's control file, looked at before every step: one `stat` where nothing changed."""

    def __init__(self, run: Run):
        self._run, self._path, self._seen = run, str(run.path / "control.json"), -1
        self.interrupted = False
        self._values: dict[str, Any] = {}

    def _look(self) -> dict[str, Any]:
        try:
            changed = os.stat(self._path).st_mtime_ns  # noqa: PTH116 - before every step: 1 µs
        except OSError:
            return self._values
        if changed != self._seen:
            self._seen, self._values = changed, self._run.control()
        return self._values

    @property
    def stop(self) -> bool:
        """Asked to stop, by the file or by a signal."""
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
    run.write_process(os.getpid())
    control = FileControl(run)

    def interrupt(*_: object) -> None:
        control.interrupted = True

    with contextlib.suppress(ValueError):  # not the main thread: then nobody signals it
        signal.signal(signal.SIGTERM, interrupt)
        signal.signal(signal.SIGINT, interrupt)
    if background:
        with contextlib.suppress(OSError, AttributeError):
            os.nice(5)
    try:
        return _train(run, control, on_event)
    except Exception as error:
        traceback.print_exc()
        with contextlib.suppress(OSError):
            status = read_json(run.path / "status.json") or {}
            run.write_status(**{**status, "state": "failed", "message": explain(error)})
        return "failed"


def log(text: str) -> None:
    """A line for the run's log (stderr: stdout belongs to the command line's results)."""
    print(f"{time.strftime('%F %T')} {text}", file=sys.stderr, flush=True)


def explain(error: Exception) -> str:
    """What went wrong, in words for the person who pressed Train."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full: nothing more could be saved. Free some space, then resume."
    if "out of memory" in str(error).lower() or isinstance(error, MemoryError):
        return "The device ran out of memory. Use a smaller batch size or a smaller network."
    if isinstance(error, (OSError, RuntimeError, ValueError)) and str(error):
        return str(error).splitlines()[0][:400]
    return f"{type(error).__name__}: the log below says where."


@contextlib.contextmanager
def device_turn(run: Run, device: str, control: FileControl) -> Iterator[bool]:
    """Wait for this device's turn: one training at a time. False where stopped while waiting."""
    from filelock import FileLock, Timeout

    folder = runs_dir() / ".devices"
    folder.mkdir(parents=True, exist_ok=True)
    safe = device.replace(":", "-")
    lock, holder = FileLock(folder / f"{safe}.lock"), folder / f"{safe}.json"
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
            run.write_status(
                **{**status, "state": "queued", "message": f"Waiting for {device}: {behind} trains"}
            )
    try:
        write_json(holder, {"name": run.name, "id": run.id})
        yield True
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _train(run: Run, control: FileControl, on_event: Callable[[Any], None] | None) -> str:
    from cnn import devices

    config = run.config
    run.write_status(state="queued", message="Loading PyTorch")
    log(f"worker {os.getpid()} trains {run.id}")
    device = devices.find_device(config.device)
    with device_turn(run, device.id, control) as granted:
        if not granted:
            run.write_status(state="stopped", message="Stopped before it started")
            return "stopped"
        return _Session(run, control, device, on_event).train()


class _Session:
    """One worker's work on one run: what the trainer yields becomes files."""

    def __init__(
        self,
        run: Run,
        control: FileControl,
        device: Any,
        on_event: Callable[[Any], None] | None,
    ):
        from cnn import data, finetune
        from cnn.devices import compute_for
        from cnn.training import Trainer

        self.run, self.control, self.on_event, self.device = run, control, on_event, device
        config = run.config
        convolutional = any(hasattr(layer, "filters") for layer in config.architecture.layers)
        self.compute = compute_for(device, config.settings.precision, convolutional)
        self.status("running", message=f"Reading {data.DATASETS[config.dataset].label}")
        self.images = data.load(config.dataset)
        if config.start_from:
            self.images = finetune.mixed(run, self.images)
        self.trainer = Trainer(
            config.architecture,
            self.images,
            config.settings,
            data.Preprocessing(config.mean, config.std),
            self.compute,
            config.validation_images,
        )
        if config.start_from:
            finetune.start(run, self.trainer.model)
        self.guess_index = _one_of_each(self.images.test_labels)
        self.best: tuple[float, int] | None = None
        self.speed, self.rate = 0.0, 0.0
        self.last_live = self.last_resume = 0.0
        self.live_cost = 0.0
        self.resumed = self._resume()

    def _resume(self) -> bool:
        from safetensors.torch import load_file

        numbers = read_json(self.run.path / "resume.json")
        if numbers is None:
            return False
        tensors = load_file(self.run.path / str(numbers.pop("file")))
        best = numbers.pop("best", None)
        self.best = tuple(best) if best else None
        self.trainer.restore(tensors, numbers)
        return True

    def status(self, state: str, **more: Any) -> None:
        """Write where the run stands."""
        trainer = getattr(self, "trainer", None)
        values: dict[str, Any] = {
            "state": state,
            "device": self.device.id,
            "device_name": self.device.name,
            "precision": self.compute.precision,
        }
        if trainer:
            at = trainer.position
            left = trainer.total_steps - at.step
            rate = max(self.speed, 1e-9) / trainer.settings.batch_size
            values |= {
                "epoch": at.epoch,
                "epochs": trainer.settings.epochs,
                "step": at.step,
                "steps": trainer.total_steps,
                "images_per_second": round(self.speed, 1),
                "learning_rate": self.rate,
                "seconds_left": round(left / rate, 1) if self.speed else None,
                "train_seconds": round(at.train_seconds, 3),
                "images_seen": at.images_seen,
            }
            if self.best:
                values |= {"best_validation": self.best[0], "best_epoch": self.best[1]}
        self.run.write_status(**values, **more)

    def train(self) -> str:
        """Train to the end or to a stop, score the test set, and say so."""
        from cnn.training import EpochEnd, Paused, Report

        if not self.resumed:
            self._checkpoint(0)
            self.live()
        self.status("running")
        for event in self.trainer.events(self.control):
            if isinstance(event, Report):
                self.speed, self.rate = event.images_per_second, event.learning_rate
                self.run.append_metric(
                    kind="report",
                    step=event.step,
                    epoch=round(event.epoch, 4),
                    losses=[[step, round(loss, 5)] for step, loss in event.losses],
                    learning_rate=event.learning_rate,
                    images_per_second=round(event.images_per_second, 1),
                )
                self.status("running")
                self.live_if_due()
            elif isinstance(event, EpochEnd):
                self._end_epoch(event)
            elif isinstance(event, Paused):
                if event.paused:
                    self.save_resume()
                    self.live()
                self.status("paused" if event.paused else "running")
            if self.on_event:
                self.on_event(event)

        ended = "finished" if self.trainer.position.step >= self.trainer.total_steps else "stopped"
        self.live()
        self.save_resume()
        self.status("running", message="Scoring the test set")
        accuracy = self._score_test()
        self.status(ended, test_accuracy=accuracy, ended=time.time())
        if ended == "finished":  # nothing left to resume: frees two thirds of the folder
            (self.run.path / "resume.json").unlink(missing_ok=True)
            for path in self.run.path.glob("resume-*.safetensors"):
                path.unlink(missing_ok=True)
        return ended

    def _end_epoch(self, event: Any) -> None:
        from dataclasses import asdict

        judged = event.validation_accuracy
        if judged is not None and (self.best is None or judged > self.best[0]):
            self.best = (judged, event.epoch)
        row = {k: round(v, 6) if isinstance(v, float) else v for k, v in asdict(event).items()}
        self.run.append_metric(kind="epoch", step=self.trainer.position.step, **row)
        self._checkpoint(event.epoch)
        if time.monotonic() - self.last_resume > RESUME_SECONDS / 10:
            self.save_resume()
        self.live()
        self.status("running")
        if self.on_event is None:
            log(f"epoch {event.epoch}: training {event.train_accuracy:.4f}, validation {judged}")

    def _checkpoint(self, epoch: int) -> None:
        path = self.run.path / "checkpoints" / f"epoch-{epoch:03d}.safetensors"
        write_tensors(path, self.trainer.model.state_dict())

    def save_resume(self) -> None:
        """Keep everything that going on needs. The JSON names its tensor file and is replaced
        last, so the pair always fits together, whenever the process is killed."""
        tensors, numbers = self.trainer.state()
        name = f"resume-{numbers['step']}.safetensors"
        write_tensors(self.run.path / name, tensors)
        write_json(self.run.path / "resume.json", {**numbers, "file": name, "best": self.best})
        for path in self.run.path.glob("resume-*.safetensors"):
            if path.name != name:
                path.unlink(missing_ok=True)
        self.last_resume = time.monotonic()

    def live_if_due(self) -> None:
        """A snapshot about once a second, rarer where it is expensive."""
        now = time.monotonic()
        if now - self.last_live >= max(LIVE_SECONDS, self.live_cost / LIVE_SHARE):
            self.live()
            if now - self.last_resume > RESUME_SECONDS:
                self.save_resume()

    def live(self) -> None:
        """Newest weights, the guesses for ten fixed test images, and the first filters."""
        began = time.monotonic()
        model = self.trainer.model
        probabilities = self.trainer.scores(self.images.test_images[self.guess_index]).softmax(1)
        write_tensors(self.run.path / "live.safetensors", model.state_dict())
        write_json(
            self.run.path / "live.json",
            {
                "step": self.trainer.position.step,
                "index": self.guess_index,
                "labels": self.images.test_labels[self.guess_index].tolist(),
                "images": self.images.test_images[self.guess_index].tolist(),
                "probabilities": [[round(p, 4) for p in row] for row in probabilities.tolist()],
                "filters": first_filters(model),
            },
        )
        self.last_live = time.monotonic()
        self.live_cost = self.last_live - began

    def _score_test(self) -> float:
        scores = self.trainer.scores(self.images.test_images.to(self.compute.device))
        return save_test_scores(self.run, scores, self.images.test_labels)


def save_test_scores(run: Run, scores: Any, labels: Any) -> float:
    """Keep the test set's probabilities with the run; returns the accuracy."""
    probabilities = scores.softmax(1).cpu()
    write_tensors(run.path / "test.safetensors", {"probabilities": probabilities})
    return float((probabilities.argmax(1) == labels).float().mean())


def first_filters(model: Any) -> list[list[list[float]]]:
    """The first conv layer's filters, float `(filters, k, k)` of its first input channel."""
    from torch import nn

    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            filters = module.weight.detach()[:LIVE_FILTERS, 0].float().cpu()
            return [[[round(v, 4) for v in row] for row in f] for f in filters.tolist()]
    return []


def _one_of_each(labels: Any) -> list[int]:
    """The index of the first test image of each class."""
    return [int((labels == label).nonzero()[0]) for label in labels.unique().tolist()]
