"""The training loop, and nothing else: it knows no files and no pages, and yields what happens.

    trainer = Trainer(architecture, images, settings, preprocessing, compute)
    for event in trainer.events(control):
        ...

Losses stay on the device and are read in bunches when a report is due, so no step waits for the
host.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnn.architecture import Architecture
from cnn.augmentation import augment
from cnn.data import Images, Preprocessing, split
from cnn.devices import Compute
from cnn.settings import OPTIMIZERS, Settings, schedule_factor

REPORT_SECONDS = 0.5
POINTS_PER_REPORT = 10
PAUSE_POLL_SECONDS = 0.05
EVALUATION_BATCH = 1000


class TrainingError(RuntimeError):
    """Training that cannot go on; the message says why and what to change."""


class Control(Protocol):
    """What steers a running training; asked before every step."""

    @property
    def stop(self) -> bool:
        """Whether to end now, keeping what was learned."""

    @property
    def paused(self) -> bool:
        """Whether to wait."""

    @property
    def learning_rate(self) -> float | None:
        """A new peak learning rate, or None for the settings' own."""


@dataclass
class Steer:
    """The plainest control: three values that anyone may set."""

    stop: bool = False
    paused: bool = False
    learning_rate: float | None = None


@dataclass(frozen=True)
class Report:
    """What happened since the last report. `losses` holds `(step, mean loss)` of a few bunches."""

    step: int
    epoch: float
    losses: list[tuple[int, float]]
    learning_rate: float
    images_per_second: float


@dataclass(frozen=True)
class EpochEnd:
    """One epoch's result. Training figures are means over the epoch, while the weights moved (as
    Keras reports them); validation figures are of the weights at its end, None without any."""

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float


@dataclass(frozen=True)
class Paused:
    """Training waits (`True`) or goes on again (`False`)."""

    paused: bool


Event = Report | EpochEnd | Paused


@dataclass
class Position:
    """Where training stands: all that resuming needs besides tensors."""

    epoch: int = 0
    batch: int = 0
    step: int = 0
    epoch_loss: float = 0.0
    epoch_correct: int = 0
    epoch_images: int = 0
    epoch_seconds: float = 0.0
    train_seconds: float = 0.0
    images_seen: int = 0


@dataclass
class _Bunch:
    """Losses and hits of the steps since the last report, still on the device."""

    losses: list[Tensor] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    correct: list[Tensor] = field(default_factory=list)


def make_optimizer(model: nn.Module, settings: Settings, device: torch.device) -> Any:
    """The chosen optimiser, with PyTorch's fused kernel where it has one for this device."""
    choice = OPTIMIZERS[settings.optimizer]
    arguments = dict(choice.arguments)
    fused = choice.torch_name in ("SGD", "Adam", "AdamW") or (
        choice.torch_name == "Adagrad" and device.type == "cpu"
    )
    if fused and device.type in ("cpu", "cuda"):
        arguments["fused"] = True
    return getattr(torch.optim, choice.torch_name)(
        model.parameters(),
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        **arguments,
    )


class Trainer:
    """One training: the network, its optimiser and where it stands.

    `model` maps float32 `(N, 1, 28, 28)` to log-scores `(N, classes)`. The same settings on the
    same device give the same weights; a state taken with `state()` between any two steps and
    given to `restore()` continues to the same weights as if nothing had happened.
    """

    def __init__(
        self,
        architecture: Architecture,
        images: Images,
        settings: Settings,
        preprocessing: Preprocessing,
        compute: Compute,
        validation_images: int,
    ):
        self.settings, self.preprocessing, self.compute = settings, preprocessing, compute
        device = compute.device

        torch.manual_seed(settings.seed)
        self.model = architecture.build().to(device)
        if compute.channels_last:
            self.model = self.model.to(memory_format=torch.channels_last)
        self.optimizer = make_optimizer(self.model, settings, device)

        train, validation = split(images, validation_images, settings.seed)
        self.train_x = images.train_images[train].to(device)
        self.train_y = images.train_labels[train].to(device)
        self.validation_x = images.train_images[validation].to(device)
        self.validation_y = images.train_labels[validation].to(device)

        # A last batch of a single image has no spread for batch norm to measure: left out.
        full, rest = divmod(len(self.train_x), settings.batch_size)
        self.steps_per_epoch = full + (rest > 1) if full else 1
        self.total_steps = self.steps_per_epoch * settings.epochs
        self.position = Position()

    def events(self, control: Control, report_seconds: float = REPORT_SECONDS) -> Iterator[Event]:
        """Train to the end, or until `control.stop`; yields at every report and every epoch.

        The first report comes after the first step. Raises TrainingError when the loss stops
        being a number.
        """
        at = self.position
        bunch = _Bunch()
        reported_at, epoch_began = time.perf_counter(), time.perf_counter()
        rate = 0.0

        while at.epoch < self.settings.epochs:
            order = self._order(at.epoch)
            self.model.train()
            while at.batch < self.steps_per_epoch:
                if control.paused and not control.stop:
                    self._settle(bunch)
                    waited = time.perf_counter()
                    yield Paused(True)
                    while control.paused and not control.stop:
                        time.sleep(PAUSE_POLL_SECONDS)
                    yield Paused(False)
                    self.model.train()
                    waited = time.perf_counter() - waited
                    reported_at, epoch_began = reported_at + waited, epoch_began + waited
                if control.stop:
                    self._settle(bunch)
                    at.epoch_seconds += time.perf_counter() - epoch_began
                    return

                start = at.batch * self.settings.batch_size
                rate = self._set_learning_rate(control.learning_rate)
                self._step(order[start : start + self.settings.batch_size], bunch)
                at.batch, at.step = at.batch + 1, at.step + 1

                now = time.perf_counter()
                if now - reported_at >= report_seconds or at.step == 1:
                    yield self._report(bunch, now - reported_at, rate)
                    self.model.train()
                    reported_at = time.perf_counter()

            if bunch.losses:
                yield self._report(bunch, time.perf_counter() - reported_at, rate)
                reported_at = time.perf_counter()
            at.epoch_seconds += time.perf_counter() - epoch_began
            result = self._end_epoch()
            yield result
            reported_at = epoch_began = time.perf_counter()

    def _order(self, epoch: int) -> Tensor:
        """The order in which this epoch sees the training images: a function of seed and epoch."""
        generator = torch.Generator().manual_seed(self.settings.seed * 1_000_003 + epoch)
        return torch.randperm(len(self.train_x), generator=generator).to(self.compute.device)

    def _set_learning_rate(self, peak: float | None) -> float:
        peak = self.settings.learning_rate if peak is None else peak
        factor = schedule_factor(self.settings.schedule, self.position.step / self.total_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = peak * factor
        return peak * factor

    def _step(self, index: Tensor, bunch: _Bunch) -> None:
        """One batch: forward, backward, update. Nothing here waits for the device."""
        x = self.preprocessing(self.train_x[index])
        y = self.train_y[index]
        if self.settings.augments:
            x = augment(x, self.settings, fill=-self.preprocessing.mean / self.preprocessing.std)
        with self.compute.autocast():
            scores = self.model(x)
            loss = F.cross_entropy(scores, y, label_smoothing=self.settings.label_smoothing)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        bunch.losses.append(loss.detach())
        bunch.sizes.append(len(index))
        bunch.correct.append((scores.detach().argmax(dim=1) == y).sum())

    def _settle(self, bunch: _Bunch) -> list[float]:
        """Read the bunch's losses from the device and add them to the epoch's sums."""
        if not bunch.losses:
            return []
        losses = torch.stack(bunch.losses).tolist()
        at = self.position
        at.epoch_loss += sum(loss * size for loss, size in zip(losses, bunch.sizes, strict=True))
        at.epoch_correct += int(torch.stack(bunch.correct).sum())
        at.epoch_images += sum(bunch.sizes)
        at.images_seen += sum(bunch.sizes)
        for unread in (bunch.losses, bunch.sizes, bunch.correct):
            unread.clear()
        if not all(map(math.isfinite, losses)):
            raise TrainingError(
                f"The loss stopped being a number near step {at.step}: the learning rate "
                f"{self.optimizer.param_groups[0]['lr']:.3g} is too large for this network. "
                "Try a tenth of it."
            )
        return losses

    def _report(self, bunch: _Bunch, seconds: float, rate: float) -> Report:
        images = sum(bunch.sizes)
        losses = self._settle(bunch)
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
        at = self.position
        loss = accuracy = None
        if len(self.validation_x):
            scores = self.scores(self.validation_x)
            loss = float(F.cross_entropy(scores, self.validation_y))
            accuracy = float((scores.argmax(dim=1) == self.validation_y).float().mean())
        at.epoch, at.batch = at.epoch + 1, 0
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

    def scores(self, images: Tensor) -> Tensor:
        """Log-scores float32 `(N, classes)` for uint8 images, as the network stands now."""
        return score(self.model, images, self.preprocessing, self.compute)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Everything that resuming needs: tensors (weights, optimiser, random state) and numbers.

        Take it between events, when no loss is still unread.
        """
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        for index, values in self.optimizer.state_dict()["state"].items():
            for name, value in values.items():
                if value is not None:  # SGD before its first step holds none
                    tensors[f"optimizer.{index}.{name}"] = torch.as_tensor(value)
        tensors["random.cpu"] = torch.get_rng_state()
        if self.compute.device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state(self.compute.device)
        return tensors, asdict(self.position)

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        """Continue from a `state()`. Raises TrainingError where it does not fit this network."""
        try:
            model = {n.removeprefix("model."): t for n, t in tensors.items() if n[:6] == "model."}
            self.model.load_state_dict(model)
            state: dict[int, dict[str, Tensor]] = {}
            for name, value in tensors.items():
                if name.startswith("optimizer."):
                    _, index, key = name.split(".", 2)
                    state.setdefault(int(index), {})[key] = value
            groups = self.optimizer.state_dict()["param_groups"]
            self.optimizer.load_state_dict({"state": state, "param_groups": groups})
            self.position = Position(**numbers)
            torch.set_rng_state(tensors["random.cpu"])
            if "random.cuda" in tensors and self.compute.device.type == "cuda":
                torch.cuda.set_rng_state(tensors["random.cuda"], self.compute.device)
        except (KeyError, ValueError, TypeError, RuntimeError) as error:
            raise TrainingError(f"The saved state does not fit this network: {error}") from error


@torch.inference_mode()
def score(
    model: nn.Module,
    images: Tensor,
    preprocessing: Preprocessing,
    compute: Compute | None = None,
    progress: Callable[[float], None] | None = None,
) -> Tensor:
    """Log-scores float32 `(N, classes)` of images `(N, 28, 28)`, on the model's own device.

    Images are uint8 (0-255) or float (0-1). The model is switched to evaluation and left so.
    """
    model.eval()
    device = next(model.parameters()).device
    parts = []
    for begin in range(0, len(images), EVALUATION_BATCH):
        x = preprocessing(images[begin : begin + EVALUATION_BATCH].to(device))
        if compute is None:
            parts.append(model(x))
        else:
            with compute.autocast():
                parts.append(model(x))
        if progress:
            progress(min(1.0, (begin + EVALUATION_BATCH) / len(images)))
    return torch.cat(parts).float()
