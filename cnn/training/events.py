"""What a training yields while it runs: reports, the ends of epochs, pauses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Report:
    """The steps since the last report; `losses` holds a few points `(step, mean loss)` of them,
    `accuracy` is that on their images, each seen while the network still learned.

    `epoch` counts fractions: 1.5 is the middle of the second epoch.
    """

    step: int
    epoch: float
    losses: list[tuple[int, float]]
    learning_rate: float
    images_per_second: float
    accuracy: float


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
    """Training waits (True) or goes on again (False)."""

    paused: bool


Event = Report | EpochEnd | Paused
