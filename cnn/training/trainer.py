"""The training loop. It knows no files and no pages, and yields what happens.

    trainer = Trainer(architecture, images, settings, preprocessing, accelerator, validation_images)
    for event in trainer.events(control):
        ...

One loop for one process and for several. In the order in which it happens: `events` is the loop
over epochs and steps, `_decide` asks what comes next, `_step` is one training step, `_report` and
`_end_epoch` sum up. Losses stay on the device until a report is due, so no step waits for the host.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Generator, Iterator
from dataclasses import asdict

import torch
import torch.nn.functional as F
from torch import Tensor

from cnn.datasets import Images, Preprocessing
from cnn.network import Architecture
from cnn.network.modules import is_finite
from cnn.training import resuming, shares
from cnn.training.accelerators import Accelerator
from cnn.training.allocator import keep_freed_memory
from cnn.training.augmentation import augment
from cnn.training.batches import Batches
from cnn.training.control import Control, TrainingError
from cnn.training.cuda_graph import GraphedStep
from cnn.training.devices import one_thread
from cnn.training.distributed import Decision, ProcessGroup
from cnn.training.events import EpochEnd, Event, Paused, Report
from cnn.training.inference import predict_logits
from cnn.training.optimizers import make_optimizer, make_update, set_learning_rate
from cnn.training.reporting import Speedometer, UnreadSteps, mean_points
from cnn.training.resuming import Position
from cnn.training.schedules import schedule_factor
from cnn.training.settings import Settings
from cnn.training.shares import Extra

REPORT_SECONDS = 0.5
PAUSE_POLL_SECONDS = 0.05


class Trainer:
    """One training: the network, its optimiser and its position.

    `model` maps float32 `(N, 1, 28, 28)` to logits `(N, classes)`. The same settings give the same
    weights on the same CPU with the same number of threads, and with `settings.reproducible` on
    the same GPU or with any number of cores, too. There, a state taken with `state()` between any
    two events and given to `restore()` continues to the same weights as if nothing had happened.
    In a `group` of several processes each makes its own Trainer, and all end with the same weights
    but for batch norm's statistics, which are the same at the end of an epoch. `extra` makes
    of the training images, uint8 `(N, 28, 28)`, and their labels further ones, or None; none of
    them is held out. Raises TrainingError for settings that cannot work together.
    """

    def __init__(
        self,
        architecture: Architecture,
        images: Images,
        settings: Settings,
        preprocessing: Preprocessing,
        accelerator: Accelerator,
        validation_images: int,
        group: ProcessGroup = ProcessGroup(),  # noqa: B008 - frozen: a lone process
        extra: Extra | None = None,
    ):
        self.settings, self.preprocessing, self.accelerator = settings, preprocessing, accelerator
        self.group, self.validation_images = group, validation_images
        shares.check(settings, validation_images, group)
        keep_freed_memory()
        accelerator.activate()
        accelerator.set_reproducible(settings.reproducible)

        torch.manual_seed(settings.seed)
        self.model = architecture.build().to(accelerator.device)
        if accelerator.channels_last:
            self.model = self.model.to(memory_format=torch.channels_last)
        self._network = group.wrap_ddp(self.model, accelerator.device)
        self._parameters = list(self.model.parameters())
        self._load(images, extra, architecture.head.classes)

        self._graphed = group.size == 1 and accelerator.records_graphs(settings.optimizer)
        self.optimizer = make_optimizer(self.model, settings, accelerator, self._graphed)
        self._update = self.optimizer.step if self._graphed else make_update(self.optimizer)
        self._learn = self._make_step()
        self._own_states: list[dict[str, Tensor]] = []  # of all processes, at the last report
        if not group.is_leader:  # the same weights, but dropout and augmentation of one's own
            torch.manual_seed(settings.seed + 7919 * group.rank)

        self.steps_per_epoch = self.batches.steps
        self.total_steps = self.steps_per_epoch * settings.epochs
        self.position = Position()
        self._peak: float | None = None  # the learning rate that the control last asked for
        self._unread, self._speed = UnreadSteps(), Speedometer()
        self._paused = False
        self._rate = self._reported_at = 0.0  # the last step's learning rate; a clock's time

    def _load(self, images: Images, extra: Extra | None, classes: int) -> None:
        """Put this process's share of the training and validation images on the device."""
        settings, group, device = self.settings, self.group, self.accelerator.device
        # At this moment the page is drawn too: beside that, two threads wait for each other.
        with one_thread():
            mine = shares.load(images, settings, self.validation_images, classes, group, extra)
        x, y, self.validation_x, self.validation_y = (tensor.to(device) for tensor in mine)
        share = settings.batch_size, settings.seed, group.rank, group.size
        self.batches = Batches(x, y, self.preprocessing, *share)

    def _make_step(self) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """The arithmetic of a step as it is, or one that records it as a CUDA graph."""
        step = self._forward_backward_update
        return GraphedStep(step, self.batches.size) if self._graphed else step

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
        self,
        control: Control,
        report_seconds: float | Callable[[], float] = REPORT_SECONDS,
        report_at: Collection[int] = (),
    ) -> Iterator[Event]:
        """Train to the end, or until `control.stop`; yields at every report and every epoch.

        The first report comes after the first step, the others `report_seconds` apart; one more
        after each step of `report_at`, the same in all processes. Raises TrainingError when the
        loss is no longer a finite number.
        """
        at, clock = self.position, time.perf_counter
        apart = report_seconds if callable(report_seconds) else lambda: report_seconds
        self._unread.clear()
        while not self.done:
            self._back_to_training()
            epoch_began = clock()
            self.batches.begin(at.epoch)
            while at.batch < self.steps_per_epoch:
                decision = self._decide(control, apart, at.step in report_at)
                if self._unread and (decision.report or decision.stop or decision.paused):
                    yield self._report()
                    self._back_to_training()  # and decide again: the control may have changed
                elif self._paused and (decision.stop or not decision.held):
                    self._paused = False
                    yield Paused(False)
                    self._back_to_training()
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

    def _decide(
        self, control: Control, report_seconds: Callable[[], float], report_now: bool
    ) -> Decision:
        """What comes before the next step: report, stop, pause, a new learning rate, or nothing."""
        waited = time.perf_counter() - self._reported_at >= report_seconds()
        report = bool(self._unread) and (self.position.step == 1 or report_now or waited)
        several = self.group.size > 1 and not report_now
        if several and self.position.batch % self.accelerator.steps_per_decision:
            return Decision(learning_rate=self._peak, held=self._paused)
        return self._ask(control, report)

    def _ask(self, control: Control, report: bool = False) -> Decision:
        """The leader's decision by its control, in every process."""
        at = self.position
        goes_on = at.step < control.run_until or at.epoch < control.until_epoch
        waits = control.paused and not goes_on
        decision = self.group.broadcast_decision(
            Decision(control.stop, waits, control.learning_rate, report, control.paused)
        )
        self._peak = decision.learning_rate
        return decision

    def _pause(self, control: Control) -> Generator[Event, None, float]:
        """Wait while the control asks to pause and not to stop; returns the seconds it took.

        A few steps in between (`run_until`) do not end the pause.
        """
        began = time.perf_counter()
        if not self._paused:
            self._paused = True
            yield Paused(True)
        while (decision := self._ask(control)).paused and not decision.stop:
            time.sleep(PAUSE_POLL_SECONDS)
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
        with self.accelerator.autocast():
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
        losses, sizes, correct = self._unread.flush(self.group)
        seconds = time.perf_counter() - self._reported_at  # the device has done it all by now
        if not all(map(math.isfinite, losses)):
            raise self._diverged()
        self._gather_own_states()
        at = self.position
        at.add_steps(losses, sizes, correct, seconds)
        epoch, speed = at.step / self.steps_per_epoch, self._speed.add(sum(sizes), seconds)
        accuracy, points = correct / sum(sizes), mean_points(losses, at.step)
        return Report(at.step, epoch, points, self._rate, speed, accuracy)

    def _gather_own_states(self) -> None:
        """Let the leader know what every process has of its own, for `state`. The moment of a
        report is the same for all; that of a save is the leader's alone."""
        if self.group.size > 1:
            own = resuming.own_state(self.model, self.accelerator)
            self._own_states = self.group.gather(own)

    def _end_epoch(self) -> EpochEnd:
        if not is_finite(self.model):  # the last step's loss is that of the weights before it
            raise self._diverged()
        # Here and not at reports: those come by the clock, and the end of a run must not.
        self.group.sync_batch_norm_statistics(self.model)
        self._gather_own_states()
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
        summed = F.cross_entropy(logits, self.validation_y, reduction="sum")
        hits = (logits.argmax(dim=1) == self.validation_y).sum()
        sums = torch.stack([summed.cpu().double(), hits.cpu().double()])
        loss, accuracy = self.group.sum(sums).tolist()
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
        return predict_logits(self.model, images, self.preprocessing, self.accelerator)

    def state(self) -> tuple[dict[str, Tensor], dict[str, float | None]]:
        """Everything that resuming needs: tensors (weights, optimiser, random state) and numbers.

        Take it between events, when no loss is unread.
        """
        known = self._own_states if self.group.size > 1 else []
        own = known or [resuming.own_state(self.model, self.accelerator)]
        tensors = resuming.read_tensors(self.model, self.optimizer) | resuming.join_ranks(own)
        return tensors, asdict(self.position)

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, float | None]) -> None:
        """Continue from a `state()`. Raises TrainingError where it does not fit this network."""
        try:
            resuming.load_tensors(tensors, self.model, self.optimizer)
            self._learn = self._make_step()  # a recording knows the old moments' places
            self.position = Position.of(numbers)
            self._own_states = resuming.split_by_rank(tensors, self.group.size)
            if self.group.rank < len(self._own_states):
                mine = self._own_states[self.group.rank]
                resuming.load_own_state(mine, self.model, self.accelerator)
            else:  # saved by fewer processes
                torch.manual_seed(self.settings.seed + 7919 * self.group.rank + self.position.step)
        except (KeyError, ValueError, TypeError, RuntimeError) as error:
            raise TrainingError(f"The saved state does not fit this network: {error}") from error
