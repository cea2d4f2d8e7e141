"""The worker's training of one run: what the trainer yields becomes files in the run's folder."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import torch

from cnn import datasets
from cnn.common.files import read_json, write_json, write_tensors
from cnn.datasets import DATASETS, Images
from cnn.drawing import synthetic_digits
from cnn.runs import checkpoints, curves, finetune, queue, speeds
from cnn.runs.file_control import FileControl
from cnn.runs.files import EarlyStep
from cnn.runs.frames import FRAME_SECONDS, FrameWriter
from cnn.runs.live import one_of_each, quick_check, write_live
from cnn.runs.priority import stand_back
from cnn.runs.records import State, Status
from cnn.runs.run import Run, RunError
from cnn.runs.weights import read_tensors, score_test_set, set_first_filter
from cnn.training.accelerators import accelerator_for
from cnn.training.control import Control
from cnn.training.device import Device
from cnn.training.distributed import ProcessGroup
from cnn.training.events import EpochEnd, Event, Paused, Report
from cnn.training.trainer import Trainer

REPORT_SECONDS = 0.3
REST_SECONDS = 0.02  # between two looks at the control, in slow motion
LIVE_SECONDS, LIVE_SHARE = 1.0, 0.02  # at most this share of the time goes into snapshots
RESUME_SECONDS = 20.0

Best = tuple[float, int]  # a validation accuracy, and the epoch that reached it


def log(text: str) -> None:
    """Write a line to the run's log (stderr: stdout is for the command line's results)."""
    print(f"{time.strftime('%F %T')} {text}", file=sys.stderr, flush=True)


class Session:
    """The training of one run by the leading process: it writes the run's files."""

    def __init__(
        self,
        run: Run,
        control: Control,
        device: Device,
        group: ProcessGroup,
        on_event: Callable[[Event], None] | None,
        background: bool,
    ):
        self.run, self.control, self.on_event, self.device = run, control, on_event, device
        self.background = background
        self.speed, self.rate, self.paused = 0.0, 0.0, False
        self.last_live = self.last_resume = self.live_cost = 0.0
        message = f"Reading {DATASETS[run.config.dataset].label}"
        run.write_status(
            state="running", message=message, device=device.id, device_name=device.name
        )
        self.trainer, self.images = make_trainer(run, device, group)
        self.frames = FrameWriter(run, self.trainer)
        self.guess_index = one_of_each(self.images.test_labels)
        self.resumed, self.best = load_resume(run, self.trainer)
        at = self.trainer.position
        self.began = at.images_seen, at.train_seconds  # what was before may be another device's
        self.needed_by_resume = self._needed_epochs()

    def status(self, state: State, **more: object) -> None:
        """Write where the run stands."""
        trainer, at = self.trainer, self.trainer.position
        accelerator = trainer.accelerator
        rate = max(self.speed, 1e-9) / trainer.settings.batch_size
        steps_left = trainer.total_steps - at.step
        left = round(steps_left / rate + steps_left * self.control.pace, 1)
        values: Status = {
            "state": state,
            "device": self.device.id,
            "device_name": self.device.name,
            "processes": trainer.group.size,
            "precision": accelerator.precision,
            "threads": torch.get_num_threads(),
            "epoch": at.epoch,
            "epochs": trainer.settings.epochs,
            "step": at.step,
            "steps": trainer.total_steps,
            "images_per_second": round(self.speed, 1),
            "learning_rate": self.rate,
            "seconds_left": left if self.speed else None,
            "train_seconds": round(at.train_seconds, 3),
            "images_seen": at.images_seen,
            "memory": accelerator.memory_used(),
            "utilisation": accelerator.utilisation(),
        }
        if self.best:
            values["best_validation"], values["best_epoch"] = self.best
        self.run.write_status(**values, **more)

    def train(self) -> State:
        """Train to the end or to a stop, score the test set, and return how it ended."""
        self.run.files.test_probabilities.unlink(missing_ok=True)  # of older weights
        if self.resumed:
            at = self.trainer.position
            checkpoints.drop_after(self.run.files, at.epoch, at.step)
            self.run.append_metric(kind="resume", step=at.step, epoch=at.epoch)
        else:
            self._checkpoint(0)
        self.status("running")
        if isinstance(self.control, FileControl):
            self.control.begin(self.trainer.position)
        report_at = checkpoints.EARLY_STEPS
        for event in self.trainer.events(self.control, self._report_seconds, report_at):
            if isinstance(event, Report):
                self._on_report(event)
            elif isinstance(event, EpochEnd):
                self._on_epoch_end(event)
            else:
                self._on_pause(event)
            if self.on_event:
                self.on_event(event)
        return self._finish()

    def _report_seconds(self) -> float:
        """The time from one report to the next: shorter while somebody watches."""
        if self.control.pace:
            return 0.0
        return FRAME_SECONDS if self.frames.wanted() else REPORT_SECONDS

    def _on_report(self, event: Report) -> None:
        self._keep_early_step()  # before the state to resume from, which may be of a later step
        self.speed, self.rate = event.images_per_second, event.learning_rate
        check = None
        if self.paused or (self.last_live and self._live_is_due()):
            check = self.live()  # after a step that was asked for by hand: at once
        self.run.append_metric(
            kind="report",
            step=event.step,
            epoch=round(event.epoch, 4),
            losses=[[step, round(loss, 5)] for step, loss in event.losses],
            learning_rate=event.learning_rate,
            images_per_second=round(event.images_per_second, 1),
            accuracy=round(event.accuracy, 4),
            **({} if check is None else {"validation_accuracy": check}),
        )
        self.status("paused" if self.paused else "running")
        if self.background:  # before what follows: the browser draws the first point now
            stand_back()
            self.background = False
        if not self.last_live:
            self.live()
        if self.paused:
            self.frames.write()
        else:
            self.frames.write_if_due()
        if time.monotonic() - self.last_resume > RESUME_SECONDS:
            self._save_resume()
        rested_at = time.monotonic() + self.control.pace
        while time.monotonic() < rested_at and self.control.pace and not self.control.stop:
            time.sleep(REST_SECONDS)

    def _on_epoch_end(self, event: EpochEnd) -> None:
        accuracy = event.validation_accuracy
        if accuracy is not None and self._is_best(event.epoch, accuracy):
            self.best = (accuracy, event.epoch)
        row = {k: round(v, 6) if isinstance(v, float) else v for k, v in asdict(event).items()}
        self.run.append_metric(kind="epoch", step=self.trainer.position.step, **row)
        self._checkpoint(event.epoch)
        if time.monotonic() - self.last_resume > RESUME_SECONDS / 10:
            self._save_resume()
        self.live()
        self.status("running")
        if self.on_event is None:
            log(f"epoch {event.epoch}: training {event.train_accuracy:.4f}, validation {accuracy}")
        alone = self.trainer.group.size == 1
        if alone and not self.trainer.done and self.run.control().get("in_turns"):
            tell = functools.partial(self.status, "running", message="Another's turn for an epoch")
            queue.give_way(self.run, lambda: self.control.stop, tell)

    def _is_best(self, epoch: int, accuracy: float) -> bool:
        if self.trainer.settings.early_stopping:
            return self.trainer.kept_epoch == epoch
        return self.best is None or accuracy > self.best[0]

    def _on_pause(self, event: Paused) -> None:
        self.paused = event.paused
        if event.paused:
            self._save_resume()
            self.live()
            self.frames.write()
        self.status("paused" if event.paused else "running")

    def _finish(self) -> State:
        """Keep the result, score the test set, note the speed; returns the last state."""
        if self.run.control().get("discard"):
            self.status("stopped")
            return "stopped"
        trainer, at = self.trainer, self.trainer.position
        ended: State = "finished" if trainer.done else "stopped"
        self._save_resume()
        if trainer.kept_epoch:  # becomes the newest weights, which are scored and shown
            weights = read_tensors(self.run.files.checkpoint(trainer.kept_epoch))
            trainer.model.load_state_dict(weights)
        self.live()
        self.status("running", message="Scoring the test set")
        accuracy = score_test_set(self.run, self.images, trainer.accelerator)
        more: dict[str, object] = {"test_accuracy": accuracy, "ended": time.time()}
        if trainer.settings.early_stopping:
            more["kept_epoch"], more["stopped_early"] = trainer.kept_epoch, trainer.stopped_early
        if isinstance(self.control, FileControl) and self.control.stopped_for:
            more["stopped_for"] = self.control.stopped_for
        curves.keep(self.run)
        self.status(ended, **more)
        images, seconds = at.images_seen - self.began[0], at.train_seconds - self.began[1]
        if seconds > 1:  # for the estimates of the next
            config, memory = self.run.config, trainer.accelerator.peak_memory()
            speed = speeds.Speed(images / seconds, memory)
            speeds.remember(config.architecture, config.settings, self.device.id, speed)
        if ended == "finished":  # nothing left to resume: frees two thirds of the folder
            self.run.files.resume.unlink(missing_ok=True)
            self._drop_resume_tensors()
        return ended

    def _checkpoint(self, epoch: int) -> None:
        write_tensors(self.run.files.checkpoint(epoch), self.trainer.model.state_dict())
        checkpoints.prune(self.run.files, self._needed_epochs() | self.needed_by_resume)

    def _keep_early_step(self) -> None:
        """Within the first epoch, keep the weights of a few steps: most is learned in them."""
        at, config = self.trainer.position, self.run.config
        if at.epoch == 0 and at.batch < self.trainer.steps_per_epoch:
            step = EarlyStep(at.step)
            if at.step in checkpoints.early_steps(config.architecture):
                write_tensors(self.run.files.checkpoint(step), self.trainer.model.state_dict())

    def _needed_epochs(self) -> set[int]:
        """The epochs whose weights are needed whatever is pruned: the newest and the best. Those of
        the saved state are too: killed now, the run goes on from there."""
        best = self.best[1] if self.best else 0
        return {self.trainer.position.epoch, self.trainer.kept_epoch or 0, best}

    def _save_resume(self) -> None:
        """Keep everything that going on needs. The JSON names its tensor file and is replaced
        last, so the pair always fits together, whenever the process is killed."""
        tensors, numbers = self.trainer.state()
        file = self.run.files.resume_tensors(self.trainer.position.step)
        write_tensors(file, tensors)
        write_json(self.run.files.resume, {**numbers, "file": file.name, "best": self.best})
        self._drop_resume_tensors(file)
        self.needed_by_resume = self._needed_epochs()
        self.last_resume = time.monotonic()

    def _drop_resume_tensors(self, kept: Path | None = None) -> None:
        for path in self.run.path.glob(self.run.files.resume_tensors("*").name):
            if path != kept:
                path.unlink(missing_ok=True)

    def _live_is_due(self) -> bool:
        """A snapshot about once a second, fewer where they cost much."""
        return time.monotonic() - self.last_live >= max(LIVE_SECONDS, self.live_cost / LIVE_SHARE)

    def live(self) -> float | None:
        """Write the newest weights, and what the network makes of some images; returns the accuracy
        on some held-out ones, None without any."""
        began = time.monotonic()
        trainer, index = self.trainer, self.guess_index
        probabilities = trainer.logits(self.images.test_images[index]).softmax(1)
        check = quick_check(trainer, len(self.run.config.classes))
        write_tensors(self.run.files.weights, trainer.model.state_dict())
        step = trainer.position.step
        write_live(self.run, trainer.model, self.images, index, probabilities, step, check)
        self.last_live = time.monotonic()
        self.live_cost = self.last_live - began
        return check["accuracy"] if check else None


def make_trainer(run: Run, device: Device, group: ProcessGroup) -> tuple[Trainer, Images]:
    """The run's trainer on `device`, at its beginning, and the data set's images."""
    config, settings = run.config, run.config.settings
    convolutional = config.architecture.convolutional
    accelerator = accelerator_for(device, settings.precision, convolutional, group.local_rank)
    images = datasets.load(config.dataset)
    if config.start_from:
        images = finetune.mix_images(run, images)
    trainer = Trainer(
        config.architecture,
        images,
        settings,
        run.preprocessing,
        accelerator,
        config.validation_images,
        group,
        functools.partial(synthetic_digits.additional_images, config.dataset, settings),
    )
    if config.start_from:
        finetune.load_start_weights(run, trainer.model)
    elif config.first_filter:
        set_first_filter(trainer.model, config.first_filter)
    return trainer, images


def load_resume(run: Run, trainer: Trainer) -> tuple[bool, Best | None]:
    """Continue `trainer` where the run was left: whether there was such a state, and the best
    validation accuracy so far with its epoch. Raises RunError and TrainingError."""
    numbers = read_json(run.files.resume)
    if numbers is None:
        return False, None
    try:
        tensors = read_tensors(run.path / Path(numbers.pop("file")).name)
    except Exception as error:
        raise RunError(
            "The state to resume from is damaged or gone. The weights of its epochs are kept: "
            "the run can still be used, but not trained further."
        ) from error
    best = numbers.pop("best", None)
    try:
        known = None if best is None else (float(best[0]), int(best[1]))
    except (TypeError, ValueError, IndexError):
        known = None  # damaged: the next epoch is the best then
    trainer.restore(tensors, numbers)
    return True, known
