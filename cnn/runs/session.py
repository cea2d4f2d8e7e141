"""One worker's work on one run: what the trainer yields becomes files in the run's folder."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import nn

from cnn import datasets
from cnn.common.files import read_json, write_json, write_tensors
from cnn.datasets import DATASETS
from cnn.drawing import synthetic_digits
from cnn.runs import finetune, speeds
from cnn.runs.run import Run, RunError
from cnn.runs.weights import read_tensors, save_test_scores
from cnn.training.control import Control
from cnn.training.devices import Device, compute_for, usage
from cnn.training.distributed import World
from cnn.training.events import EpochEnd, Paused, Report
from cnn.training.trainer import Trainer

REPORT_SECONDS = 0.3
LIVE_SECONDS, WATCHED_SECONDS = 1.0, 0.25
# At most this share of the time goes into snapshots; more while somebody draws at the network.
LIVE_SHARE, WATCHED_SHARE = 0.02, 0.08
RESUME_SECONDS = 20.0
LIVE_FILTERS = 64


def log(text: str) -> None:
    """A line for the run's log (stderr: stdout belongs to the command line's results)."""
    print(f"{time.strftime('%F %T')} {text}", file=sys.stderr, flush=True)


class Session:
    """One worker's work on one run: what the trainer yields becomes files."""

    def __init__(
        self,
        run: Run,
        control: Control,
        device: Device,
        world: World,
        on_event: Callable[[Any], None] | None,
    ):
        self.run, self.control, self.on_event, self.device = run, control, on_event, device
        self.speed, self.rate = 0.0, 0.0
        self.last_live = self.last_resume = self.live_cost = 0.0
        run.write_status(
            state="running", message=f"Reading {DATASETS[run.config.dataset].label}",
            device=device.id, device_name=device.name,
        )  # fmt: skip
        self.trainer, self.images = make_trainer(run, device, world)
        self.guess_index = _one_of_each(self.images.test_labels)
        kept = load_resume(run, self.trainer)
        self.resumed, self.best = kept is not None, (kept or {}).get("best")

    def status(self, state: str, **more: Any) -> None:
        """Write where the run stands."""
        trainer, at = self.trainer, self.trainer.position
        left = trainer.total_steps - at.step
        rate = max(self.speed, 1e-9) / trainer.settings.batch_size
        values: dict[str, Any] = {
            "state": state,
            "device": self.device.id,
            "device_name": self.device.name,
            "processes": trainer.world.size,
            "precision": trainer.compute.precision,
            "epoch": at.epoch,
            "epochs": trainer.settings.epochs,
            "step": at.step,
            "steps": trainer.total_steps,
            "images_per_second": round(self.speed, 1),
            "learning_rate": self.rate,
            "seconds_left": round(left / rate, 1) if self.speed else None,
            "train_seconds": round(at.train_seconds, 3),
            "images_seen": at.images_seen,
            **usage(trainer.compute.device),
        }
        if self.best:
            values |= {"best_validation": self.best[0], "best_epoch": self.best[1]}
        self.run.write_status(**values, **more)

    def train(self) -> str:
        """Train to the end or to a stop, score the test set, and say so."""
        (self.run.path / "test.safetensors").unlink(missing_ok=True)  # of older weights
        if self.resumed:
            at = self.trainer.position
            self.run.append_metric(kind="resume", step=at.step, epoch=at.epoch)
        else:
            self._checkpoint(0)
            self.live()
        self.status("running")
        for event in self.trainer.events(self.control, REPORT_SECONDS):
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

        ended = "finished" if self.trainer.done else "stopped"
        self.save_resume()
        self._keep_best()
        self.live()
        self.status("running", message="Scoring the test set")
        accuracy = self._score_test()
        more: dict[str, Any] = {"test_accuracy": accuracy, "ended": time.time()}
        if self.trainer.settings.early_stopping:
            more |= {
                "kept_epoch": self.trainer.position.best_epoch,
                "stopped_early": self.trainer.stopped_early,
            }
        self.status(ended, **more)
        config, at = self.run.config, self.trainer.position
        if at.train_seconds > 1:  # for the estimates of the next
            speed, memory = at.images_seen / at.train_seconds, usage(self.trainer.compute.device)
            speeds.remember(
                config.architecture, config.settings, self.device.id, speed, memory["memory"]
            )
        if ended == "finished":  # nothing left to resume: frees two thirds of the folder
            (self.run.path / "resume.json").unlink(missing_ok=True)
            for path in self.run.path.glob("resume-*.safetensors"):
                path.unlink(missing_ok=True)
        return ended

    def _keep_best(self) -> None:
        """Under early stopping the run ends with the weights of its best epoch: they become the
        newest, which are scored and which Draw and Inspect take."""
        epoch = self.trainer.position.best_epoch
        if self.trainer.settings.early_stopping and epoch:
            path = self.run.path / "checkpoints" / f"epoch-{epoch:03d}.safetensors"
            self.trainer.model.load_state_dict(read_tensors(path))

    def _end_epoch(self, event: Any) -> None:
        judged, settings = event.validation_accuracy, self.trainer.settings
        lowest = self.trainer.position.best_epoch == event.epoch
        if judged is not None and (
            lowest if settings.early_stopping else self.best is None or judged > self.best[0]
        ):
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
        """A snapshot about once a second, several while it is drawn at, rarer where expensive."""
        now = time.monotonic()
        seconds, share = LIVE_SECONDS, LIVE_SHARE
        if self.run.is_watched():
            seconds, share = WATCHED_SECONDS, WATCHED_SHARE
        if now - self.last_live >= max(seconds, self.live_cost / share):
            self.live()
            if now - self.last_resume > RESUME_SECONDS:
                self.save_resume()

    def live(self) -> None:
        """Newest weights, the guesses for ten fixed test images, and the first filters."""
        began = time.monotonic()
        model = self.trainer.model
        probabilities = self.trainer.logits(self.images.test_images[self.guess_index]).softmax(1)
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
        scores = self.trainer.logits(self.images.test_images)
        return save_test_scores(self.run, scores, self.images.test_labels)


def first_filters(model: Any) -> list[list[list[float]]]:
    """The first conv layer's filters, float `(filters, k, k)` of its first input channel."""

    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            filters = module.weight.detach()[:LIVE_FILTERS, 0].float().cpu()
            return [[[round(v, 4) for v in row] for row in f] for f in filters.tolist()]
    return []


def _one_of_each(labels: Any) -> list[int]:
    """The index of the first test image of each class."""
    return [int((labels == label).nonzero()[0]) for label in labels.unique().tolist()]


def make_trainer(run: Run, device: Any, world: Any) -> tuple[Any, Any]:
    """The run's trainer on `device`, at its beginning, and the data set's images."""

    config = run.config
    compute = compute_for(
        device, config.settings.precision, config.architecture.convolutional, world.local_rank
    )
    images = datasets.load(config.dataset)
    if config.start_from:
        images = finetune.mixed(run, images)
    trainer = Trainer(
        config.architecture,
        images,
        config.settings,
        datasets.Preprocessing(config.mean, config.std),
        compute,
        config.validation_images,
        world,
        functools.partial(synthetic_digits.additional_images, config.dataset, config.settings),
    )
    if config.start_from:
        finetune.start(run, trainer.model)
    return trainer, images


def load_resume(run: Run, trainer: Any) -> dict[str, Any] | None:
    """Put `trainer` where the run was left; what else was kept beside it, None at a beginning."""
    numbers = read_json(run.path / "resume.json")
    if numbers is None:
        return None
    try:
        tensors = read_tensors(run.path / Path(numbers.pop("file")).name)
    except Exception as error:
        raise RunError(
            "The state to resume from is damaged or gone. The weights of every epoch are kept: "
            "the run can still be used, but not trained further."
        ) from error
    best = numbers.pop("best", None)
    trainer.restore(tensors, numbers)
    return {"best": best}
