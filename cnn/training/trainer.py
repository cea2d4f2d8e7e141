"""The training loop. It knows no files and no pages, and yields what happens.

    trainer = Trainer(architecture, images, settings, preprocessing, compute, validation_images)
    for event in trainer.events(control):
        ...

One loop for one process and for several. In the order in which it happens: `events` is the loop
over epochs and steps, `_decide` asks what comes next, `_step` is one training step, `_report` and
`_end_epoch` sum up. Losses stay on the device until a report is due, so no step waits for the host.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict

import torch
import torch.nn.functional as F
from torch import Tensor

from cnn.datasets import Images, Preprocessing, split
from cnn.network import Architecture
from cnn.network.modules import is_finite
from cnn.training import cuda_graph, resuming
from cnn.training.allocator import keep_freed_memory
from cnn.training.augmentation import augment
from cnn.training.batches import Batches
from cnn.training.control import Control, TrainingError
from cnn.training.devices import Compute
from cnn.training.distributed import GPU_STEPS_PER_DECISION, Decision, ProcessGroup
from cnn.training.events import EpochEnd, Event, Paused, Report
from cnn.training.inference import predict_logits
from cnn.training.optimizers import make_optimizer, make_update, set_learning_rate
from cnn.training.reporting import UnreadSteps, mean_points
from cnn.training.resuming import Position
from cnn.training.schedules import schedule_factor
from cnn.training.settings import Settings

REPORT_SECONDS = 0.5
PAUSE_POLL_SECONDS = 0.05

Extra = Callable[[Tensor, Tensor], tuple[Tensor, Tensor] | None]


def _check(settings: Settings, validation_images: int, group: ProcessGroup) -> None:
    """Raise TrainingError for settings that cannot work together."""
    if settings.needs_validation(validation_images):
        raise TrainingError(
            "Early stopping needs validation images, and none are held out. Hold some out, "
            "or set early stopping to 0."
        )
    if settings.batch_size < group.size:
        raise TrainingError(
            f"A batch of {settings.batch_size} cannot be shared by {group.size} processes.",
            batch_size=32 * group.size,
        )


class Trainer:
    """One training: the network, its optimiser and its position.

    `model` maps float32 `(N, 1, 28, 28)` to logits `(N, classes)`. The same settings on the
    same device give the same weights; a state taken with `state()` between any two events and
    given to `restore()` continues to the same weights as if nothing had happened. In a `group` of
    several processes each makes its own Trainer, and all end with the same weights. `extra` makes
    of the training images, uint8 `(N, 28, 28)`, and their labels further ones, or None; none of
    them is held out. Raises TrainingError for settings that cannot work together.
    """

    def __init__(
        self,
        architecture: Architecture,
        images: Images,
        settings: Settings,
        preprocessing: Preprocessing,
        compute: Compute,
        validation_images: int,
        group: ProcessGroup = ProcessGroup(),  # noqa: B008 - frozen: a lone process
        extra: Extra | None = None,
    ):
        self.settings, self.preprocessing, self.compute = settings, preprocessing, compute
        self.group, self.validation_images, device = group, validation_images, compute.device
        _check(settings, validation_images, group)
        keep_freed_memory()

        torch.manual_seed(settings.seed)
        self.model = architecture.build().to(device)
        if compute.channels_last:
            self.model = self.model.to(memory_format=torch.channels_last)
        self._network = group.wrap_ddp(self.model, device)
        self._parameters = list(self.model.parameters())

        graphed = cuda_graph.is_enabled(device, settings.optimizer, group.size)
        self.optimizer = make_optimizer(self.model, settings, device, graphed)
        self._update = self.optimizer.step if graphed else make_update(self.optimizer)
        step = self._forward_backward_update  # itself, or recorded as a CUDA graph
        self._learn = cuda_graph.GraphedStep(step) if graphed else step
        if not group.is_leader:  # the same weights, but dropout and augmentation of one's own
            torch.manual_seed(settings.seed + 7919 * group.rank)

        self._load(images, extra)
        self.steps_per_epoch = self.batches.steps
        self.total_steps = self.steps_per_epoch * settings.epochs
        self.position = Position()
        self._peak: float | None = None  # the learning rate that the control last asked for
        self._unread = UnreadSteps()
        self._rate = self._reported_at = 0.0  # the last step's learning rate; a clock's time

    def _load(self, images: Images, extra: Extra | None) -> None:
        """Put this process's share of the training and validation images on the device."""
        settings, group, device = self.settings, self.group, self.compute.device
        train, validation = split(images, self.validation_images, settings.seed)
        x, y = images.train_images[train], images.train_labels[train]
        if extra and (further := extra(x, y)):
            x, y = torch.cat([x, further[0]]), torch.cat([y, further[1]])
        x, y = x.to(device), y.to(device)
        shares = settings.batch_size, settings.seed, group.rank, group.size
        self.batches = Batches(x, y, self.preprocessing, *shares)
        validation = validation[group.rank :: group.size]
        self.validation_x = images.train_images[validation].to(device)
        self.validation_y = images.train_labels[validation].to(device)

    @property
    def kept_epoch(self) -> int | None:
        """With early stopping, the epoch of the lowest validation loss: its weights are the run's
        result. None without early stopping (the last epoch's weights are), or before any epoch."""
        return (self.position.best_loss_epoch or None) if self.settings.early_stopping else None

    @property
    def stopped_early(self) -> bool:
        """Whether the validation loss has not fallen for as many epochs as the settings allow."""
        at, patience = self.position, self.settings.early_stopping
        return bool(patience) and at.epoch - at.best_loss_epoch >= patience

    @property
    def done(self) -> bool:
        """Whether there is nothing left to train."""
        return self.position.epoch >= self.settings.epochs or self.stopped_early

    def events(
        self, control: Control, report_seconds: float | Callable[[], float] = REPORT_SECONDS
    ) -> Iterator[Event]:
        """Train to the end, or until `control.stop`; yields at every report and every epoch.

        The first report comes after the first step, the others `report_seconds` apart. Raises
        TrainingError when the loss is no longer a finite number.
        """
        at, clock = self.position, time.perf_counter
        apart = report_seconds if callable(report_seconds) else lambda: report_seconds
        self._unread.clear()
        while not self.done:
            self._back_to_training()
            epoch_began = clock()
            self.batches.begin(at.epoch)
            while at.batch < self.steps_per_epoch:
                decision = self._decide(control, apart)
                if self._unread and (decision.report or decision.stop or decision.paused):
                    yield self._report()
                    self._back_to_training()  # and decide again: the control may have changed
                elif decision.stop:
                    at.epoch_seconds += clock() - epoch_began
                    return
                elif decision.paused:
                    epoch_began += yield from self._pause(control)
                else:
                    self._step(at.batch, self._scheduled_rate(decision.learning_rate))
                    at.batch, at.step = at.batch + 1, at.step + 1
            if self._unread:
                yield self._report()
            at.epoch_seconds += clock() - epoch_began
            yield self._end_epoch()

    def _decide(self, control: Control, report_seconds: Callable[[], float]) -> Decision:
        """What comes before the next step: report, stop, pause, a new learning rate, or nothing."""
        waited = time.perf_counter() - self._reported_at >= report_seconds()
        report = bool(self._unread) and (self.position.step == 1 or waited)
        several_gpus = self.group.size > 1 and self.compute.device.type == "cuda"
        if several_gpus and self.position.batch % GPU_STEPS_PER_DECISION:
            return Decision(learning_rate=self._peak)
        return self._ask(control, report)

    def _ask(self, control: Control, report: bool = False) -> Decision:
        """The leader's decision by its control, in every process."""
        decision = self.group.broadcast_decision(
            Decision(control.stop, control.paused, control.learning_rate, report)
        )
        self._peak = decision.learning_rate
        return decision

    def _pause(self, control: Control) -> Generator[Event, None, float]:
        """Wait while the control asks to pause and not to stop; returns the seconds it took."""
        began = time.perf_counter()
        yield Paused(True)
        while (decision := self._ask(control)).paused and not decision.stop:
            time.sleep(PAUSE_POLL_SECONDS)
        yield Paused(False)
        self._back_to_training()
        return time.perf_counter() - began

    def _back_to_training(self) -> None:
        """Whoever took an event may have used the model for evaluation."""
        self.model.train()
        self._reported_at = time.perf_counter()

    def _scheduled_rate(self, peak: float | None) -> float:
        """The learning rate of the next step; `peak` None: the settings' own."""
        factor = schedule_factor(self.settings.schedule, self.position.step / self.total_steps)
        return (self.settings.learning_rate if peak is None else peak) * factor

    def _step(self, batch: int, rate: float) -> None:
        """One training step at a learning rate. Nothing here waits for the device."""
        set_learning_rate(self.optimizer, rate)
        x, y = self.batches.take(batch)
        if self.settings.augments:
            x = augment(x, self.settings, fill=-self.preprocessing.mean / self.preprocessing.std)
        loss, logits = self._learn(x, y)
        self._unread.append((loss, logits, y))
        self._rate = rate

    def _forward_backward_update(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The arithmetic of a step; returns loss and logits. A CUDA graph can record it."""
        with self.compute.autocast():
            logits = self._network(x)
            loss = F.cross_entropy(logits, y, label_smoothing=self.settings.label_smoothing)
        for parameter in self._parameters:  # as zero_grad does, in a tenth of its time
            parameter.grad = None
        loss.backward()
        self._update()
        return loss.detach(), logits.detach()

    def try_step(self, batch: int, rate: float) -> float:
        """The loss of one step at a given learning rate, whatever the schedule says. For trials:
        it waits for the device, and the position does not move."""
        self._step(batch, rate)
        return float(self._unread.pop()[0])

    def _report(self) -> Report:
        seconds = time.perf_counter() - self._reported_at
        losses, sizes, correct = self._unread.flush(self.group)
        if not all(map(math.isfinite, losses)):
            raise self._diverged()
        self.group.sync_batch_norm_statistics(self.model)
        at = self.position
        at.add_steps(losses, sizes, correct, seconds)
        epoch, speed = at.step / self.steps_per_epoch, sum(sizes) / max(seconds, 1e-9)
        return Report(at.step, epoch, mean_points(losses, at.step), self._rate, speed)

    def _end_epoch(self) -> EpochEnd:
        if not is_finite(self.model):  # the last step's loss is that of the weights before it
            raise self._diverged()
        at, (loss, accuracy) = self.position, self._validate()
        mean, share = at.epoch_loss / at.epoch_images, at.epoch_correct / at.epoch_images
        result = EpochEnd(at.epoch + 1, mean, share, loss, accuracy, at.epoch_seconds)
        at.end_epoch(loss)
        return result

    def _validate(self) -> tuple[float | None, float | None]:
        """Mean loss and accuracy on the validation images; None without any."""
        if not self.validation_images:
            return None, None
        logits = self.logits(self.validation_x)
        summed = F.cross_entropy(logits, self.validation_y, reduction="sum").double()
        hits = (logits.argmax(dim=1) == self.validation_y).sum().double()
        loss, accuracy = self.group.sum(torch.stack([summed, hits])).tolist()
        return loss / self.validation_images, accuracy / self.validation_images

    def _diverged(self) -> TrainingError:
        peak = self._peak or self.settings.learning_rate
        return TrainingError(
            f"The loss stopped being a number near step {self.position.step}: a learning rate of "
            f"{peak:.3g} is too large for this network. Try a tenth of it.",
            learning_rate=float(f"{peak / 10:.3g}"),
        )

    def logits(self, images: Tensor) -> Tensor:
        """Logits float32 `(N, classes)` for uint8 images, with the weights as they are now."""
        return predict_logits(self.model, images, self.preprocessing, self.compute)

    def state(self) -> tuple[dict[str, Tensor], dict[str, float | None]]:
        """Everything that resuming needs: tensors (weights, optimiser, random state) and numbers.

        Take it between events, when no loss is unread.
        """
        tensors = resuming.read_tensors(self.model, self.optimizer, self.compute.device)
        return tensors, asdict(self.position)

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, float | None]) -> None:
        """Continue from a `state()`. Raises TrainingError where it does not fit this network."""
        try:
            resuming.load_tensors(tensors, self.model, self.optimizer)
            self.position = Position.of(numbers)
            if self.group.is_leader:
                resuming.load_random_state(tensors, self.compute.device)
            else:  # only the leader's random state is kept
                torch.manual_seed(self.settings.seed + 7919 * self.group.rank + self.position.step)
        except (KeyError, ValueError, TypeError, RuntimeError) as error:
            raise TrainingError(f"The saved state does not fit this network: {error}") from error
