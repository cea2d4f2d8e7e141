"""The training loop, and nothing else: it knows no files and no pages, and yields what happens.

    trainer = Trainer(architecture, images, settings, preprocessing, compute, validation_images)
    for event in trainer.events(control):
        ...

One loop for one process and for several. Losses stay on the device and are read in bunches when a
report is due, so no step waits for the host.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

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
from cnn.training.distributed import GPU_STEPS_BETWEEN_WORDS, Decision, World
from cnn.training.events import EpochEnd, Event, Paused, Report
from cnn.training.inference import predict_logits
from cnn.training.optimizers import make_optimizer, make_update
from cnn.training.resuming import Position
from cnn.training.schedules import schedule_factor
from cnn.training.settings import Settings

REPORT_SECONDS = 0.5
POINTS_PER_REPORT = 10
PAUSE_POLL_SECONDS = 0.05


@dataclass
class _Bunch:
    """What the steps since the last report gave, still on the device."""

    losses: list[Tensor] = field(default_factory=list)
    scores: list[Tensor] = field(default_factory=list)
    labels: list[Tensor] = field(default_factory=list)

    def clear(self) -> None:
        for part in (self.losses, self.scores, self.labels):
            part.clear()


def _check(settings: Settings, validation_images: int, world: World) -> None:
    """Raise TrainingError for settings that cannot work together."""
    if settings.early_stopping and not validation_images:
        raise TrainingError(
            "Early stopping judges by validation images, and none are held out. Hold some out, "
            "or set early stopping to 0."
        )
    if settings.batch_size < world.size:
        raise TrainingError(
            f"A batch of {settings.batch_size} cannot be shared by {world.size} processes.",
            batch_size=32 * world.size,
        )


class Trainer:
    """One training: the network, its optimiser and where it stands.

    `model` maps float32 `(N, 1, 28, 28)` to logits `(N, classes)`. The same settings on the
    same device give the same weights; a state taken with `state()` between any two events and
    given to `restore()` continues to the same weights as if nothing had happened. With several
    processes (`world`) each makes its own Trainer, and all end with the same weights. `extra`
    makes of the training images, uint8 `(N, 28, 28)`, and their labels further ones, or None;
    none of them is held out.
    """

    def __init__(
        self,
        architecture: Architecture,
        images: Images,
        settings: Settings,
        preprocessing: Preprocessing,
        compute: Compute,
        validation_images: int,
        world: World = World(),  # noqa: B008 - frozen: a lone process
        extra: Callable[[Tensor, Tensor], tuple[Tensor, Tensor] | None] | None = None,
    ):
        self.settings, self.preprocessing, self.compute = settings, preprocessing, compute
        self.world, device = world, compute.device
        _check(settings, validation_images, world)
        keep_freed_memory()

        torch.manual_seed(settings.seed)
        self.model = architecture.build().to(device)
        if compute.channels_last:
            self.model = self.model.to(memory_format=torch.channels_last)
        graphed = cuda_graph.wanted(device, settings.optimizer, world.size)
        self.optimizer = make_optimizer(self.model, settings, device, graphed)
        self._parameters = list(self.model.parameters())
        self._update = self.optimizer.step if graphed else make_update(self.optimizer)
        self._network = world.spread(self.model, device)
        self._forward_backward_update = (
            cuda_graph.GraphedStep(self._plain_step) if graphed else self._plain_step
        )
        if not world.leads:  # the same weights, but dropout and augmentation of one's own
            torch.manual_seed(settings.seed + 7919 * world.rank)

        train, validation = split(images, validation_images, settings.seed)
        x, y = images.train_images[train], images.train_labels[train]
        added = extra(x, y) if extra else None
        if added is not None:  # learned from, never judged by
            x, y = torch.cat([x, added[0]]), torch.cat([y, added[1]])
        self.batches = Batches(
            x.to(device), y.to(device),
            preprocessing, settings.batch_size, settings.seed, world.rank, world.size,
        )  # fmt: skip
        validation = validation[world.rank :: world.size]
        self.validation_x = images.train_images[validation].to(device)
        self.validation_y = images.train_labels[validation].to(device)
        self.validation_images = validation_images

        self.steps_per_epoch = self.batches.steps
        self.total_steps = self.steps_per_epoch * settings.epochs
        self.position = Position()
        self._peak: float | None = None  # what the control last asked for

    @property
    def stopped_early(self) -> bool:
        """Whether the validation loss has not fallen for as many epochs as the settings allow."""
        at, patience = self.position, self.settings.early_stopping
        return bool(patience) and at.epoch - at.best_epoch >= patience

    @property
    def done(self) -> bool:
        """Whether there is nothing left to train."""
        return self.position.epoch >= self.settings.epochs or self.stopped_early

    def events(self, control: Control, report_seconds: float = REPORT_SECONDS) -> Iterator[Event]:
        """Train to the end, or until `control.stop`; yields at every report and every epoch.

        The first report comes after the first step. Raises TrainingError when the loss stops
        being a number.
        """
        at, clock = self.position, time.perf_counter
        bunch, rate = _Bunch(), 0.0
        reported_at = clock()

        while not self.done:
            epoch_began = clock()
            self.batches.begin(at.epoch)
            self.model.train()
            while at.batch < self.steps_per_epoch:
                due = bool(bunch.losses) and (
                    at.step == 1 or clock() - reported_at >= report_seconds
                )
                stop, paused, peak, due = self._agree(control, due)
                if due or (bunch.losses and (stop or paused)):
                    yield self._report(bunch, clock() - reported_at, rate)
                    self.model.train()
                    reported_at = clock()
                    continue  # what was asked in the meantime acts on the very next batch
                if paused and not stop:
                    waited = clock()
                    yield Paused(True)
                    while paused and not stop:
                        time.sleep(PAUSE_POLL_SECONDS)
                        stop, paused, peak, _ = self._agree(control, False, always=True)
                    yield Paused(False)
                    self.model.train()
                    reported_at, epoch_began = clock(), epoch_began + clock() - waited
                if stop:
                    at.epoch_seconds += clock() - epoch_began
                    return

                rate = self._set_learning_rate(peak)
                self._step(at.batch, bunch)
                at.batch, at.step = at.batch + 1, at.step + 1

            if bunch.losses:
                yield self._report(bunch, clock() - reported_at, rate)
            at.epoch_seconds += clock() - epoch_began
            yield self._end_epoch()
            reported_at = clock()

    def _agree(self, control: Control, due: bool, always: bool = False) -> Decision:
        """What all processes do before the next step, decided by the first."""
        rarely = self.world.size > 1 and self.compute.device.type == "cuda" and not always
        if rarely and self.position.batch % GPU_STEPS_BETWEEN_WORDS:
            return False, False, self._peak, False
        decision = self.world.agree((control.stop, control.paused, control.learning_rate, due))
        self._peak = decision[2]
        return decision

    def try_step(self, batch: int, rate: float) -> float:
        """One step at a given learning rate, whatever the schedule says; its loss. For trials:
        it waits for the device, and the position does not move."""
        bunch = _Bunch()
        self._use_learning_rate(rate)
        self._step(batch, bunch)
        return float(bunch.losses[0])

    def _set_learning_rate(self, peak: float | None) -> float:
        peak = self.settings.learning_rate if peak is None else peak
        factor = schedule_factor(self.settings.schedule, self.position.step / self.total_steps)
        self._use_learning_rate(peak * factor)
        return peak * factor

    def _use_learning_rate(self, rate: float) -> None:
        for group in self.optimizer.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    def _step(self, batch: int, bunch: _Bunch) -> None:
        """One batch: forward, backward, update. Nothing here waits for the device."""
        x, y = self.batches.take(batch)
        if self.settings.augments:
            x = augment(x, self.settings, fill=-self.preprocessing.mean / self.preprocessing.std)
        loss, scores = self._forward_backward_update(x, y)
        bunch.losses.append(loss)
        bunch.scores.append(scores)
        bunch.labels.append(y)

    def _plain_step(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        with self.compute.autocast():
            scores = self._network(x)
            loss = F.cross_entropy(scores, y, label_smoothing=self.settings.label_smoothing)
        for parameter in self._parameters:  # as zero_grad does, in a tenth of its time
            parameter.grad = None
        loss.backward()
        self._update()
        return loss.detach(), scores.detach()

    def _settle(self, bunch: _Bunch) -> tuple[list[float], int]:
        """Read the bunch from the device and add it to the epoch's sums; the mean loss of each
        step over all processes, and how many images they saw."""
        sizes = [len(labels) * self.world.size for labels in bunch.labels]
        mean = self.world.sum(torch.stack(bunch.losses).double()) / self.world.size
        hits = (torch.cat(bunch.scores).argmax(dim=1) == torch.cat(bunch.labels)).sum()
        losses, correct = mean.tolist(), int(self.world.sum(hits))
        bunch.clear()
        if not all(map(math.isfinite, losses)):
            raise self._diverged()
        at = self.position
        at.epoch_loss += sum(loss * size for loss, size in zip(losses, sizes, strict=True))
        at.epoch_correct += correct
        at.epoch_images += sum(sizes)
        at.images_seen += sum(sizes)
        return losses, sum(sizes)

    def _diverged(self) -> TrainingError:
        peak = self._peak or self.settings.learning_rate
        return TrainingError(
            f"The loss stopped being a number near step {self.position.step}: a learning rate of "
            f"{peak:.3g} is too large for this network. Try a tenth of it.",
            learning_rate=float(f"{peak / 10:.3g}"),
        )

    def _report(self, bunch: _Bunch, seconds: float, rate: float) -> Report:
        losses, images = self._settle(bunch)
        self.world.even_out(self.model)
        at = self.position
        at.train_seconds += seconds
        first = at.step - len(losses) + 1
        width = max(1, math.ceil(len(losses) / POINTS_PER_REPORT))
        points = []
        for begin in range(0, len(losses), width):
            part = losses[begin : begin + width]
            points.append((first + begin + len(part) - 1, sum(part) / len(part)))
        return Report(
            at.step, at.step / self.steps_per_epoch, points, rate, images / max(seconds, 1e-9)
        )

    def _end_epoch(self) -> EpochEnd:
        if not is_finite(self.model):  # the last step's loss is that of the weights before it
            raise self._diverged()
        at = self.position
        loss = accuracy = None
        if self.validation_images:
            scores = self.logits(self.validation_x)
            summed = F.cross_entropy(scores, self.validation_y, reduction="sum").double()
            hits = (scores.argmax(dim=1) == self.validation_y).sum().double()
            both = self.world.sum(torch.stack([summed, hits])) / self.validation_images
            loss, accuracy = both.tolist()
        at.epoch, at.batch = at.epoch + 1, 0
        if loss is not None and (at.best_validation_loss is None or loss < at.best_validation_loss):
            at.best_validation_loss, at.best_epoch = loss, at.epoch
        result = EpochEnd(
            at.epoch,
            at.epoch_loss / at.epoch_images,
            at.epoch_correct / at.epoch_images,
            loss,
            accuracy,
            at.epoch_seconds,
        )
        at.epoch_loss, at.epoch_correct, at.epoch_images, at.epoch_seconds = 0.0, 0, 0, 0.0
        return result

    def logits(self, images: Tensor) -> Tensor:
        """Logits float32 `(N, classes)` for uint8 images, as the network stands now."""
        return predict_logits(self.model, images, self.preprocessing, self.compute)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Everything that resuming needs: tensors (weights, optimiser, random state) and numbers.

        Take it between events, when no loss is still unread.
        """
        tensors = resuming.tensors(self.model, self.optimizer, self.compute.device)
        return tensors, asdict(self.position)

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        """Continue from a `state()`. Raises TrainingError where it does not fit this network."""
        try:
            resuming.put_back(tensors, self.model, self.optimizer)
            self.position = Position.of(numbers)
            if self.world.leads:
                resuming.put_back_random_state(tensors, self.compute.device)
            else:  # only the leader's random state is kept
                torch.manual_seed(self.settings.seed + 7919 * self.world.rank + self.position.step)
        except (KeyError, ValueError, TypeError, RuntimeError) as error:
            raise TrainingError(f"The saved state does not fit this network: {error}") from error
