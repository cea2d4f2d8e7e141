"""What a training tells while it runs: a report twice a second, the end of an epoch, a pause."""

from __future__ import annotations

from dataclasses import dataclass


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
