"""The learning-rate range test: raise the rate at every step and watch when the loss falls fastest.

Smith, "Cyclical Learning Rates for Training Neural Networks", 2017, arXiv:1506.01186, with a rate
that grows geometrically. `python -m cnn.runs.learning_rate_finder` reads `{"architecture": ...,
"settings": ..., "dataset": ..., "device": ...}` from standard input and answers a JSON line per
step (`rate`, `loss`) and at the end one with the `suggestion`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from cnn.training import OPTIMIZERS

STEPS = 120
SMOOTHING = 0.85
GIVE_UP = 3.0  # how many times the lowest loss means that training has left the road


def bounds(optimizer: str) -> tuple[float, float]:
    """The lowest and highest rate worth trying: around the optimiser's usual one."""
    usual = OPTIMIZERS[optimizer].learning_rate
    return usual / 1000, min(usual * 1000, 10.0)


def range_test(trainer: Any, low: float, high: float, steps: int = STEPS) -> Iterator[tuple]:
    """Yield `(rate, loss)` of each step, the rate growing from `low` to `high`.

    `trainer` is a `cnn.training.Trainer`, and spoiled afterwards. Ends early where the loss has
    risen to three times its lowest, or is no number any more.
    """
    smoothed, lowest = 0.0, math.inf
    trainer.model.train()
    trainer.batches.begin(0)
    for step in range(steps):
        rate = low * (high / low) ** (step / max(steps - 1, 1))
        loss = trainer.try_step(step % trainer.steps_per_epoch, rate)
        if not math.isfinite(loss):
            return
        yield rate, loss
        smoothed = SMOOTHING * smoothed + (1 - SMOOTHING) * loss
        mean = smoothed / (1 - SMOOTHING ** (step + 1))
        lowest = min(lowest, mean)
        if step > 10 and mean > GIVE_UP * lowest:
            return


def smooth(losses: Sequence[float]) -> list[float]:
    """The losses without their noise: an exponential mean, corrected for its start."""
    result, total = [], 0.0
    for step, loss in enumerate(losses):
        total = SMOOTHING * total + (1 - SMOOTHING) * loss
        result.append(total / (1 - SMOOTHING ** (step + 1)))
    return result


def suggest(rates: Sequence[float], losses: Sequence[float]) -> float | None:
    """A peak learning rate, to two digits: a third of the rate at which the loss is lowest.

    Beyond the lowest point training leaves the road; the mean's delay puts that point a little too
    far right, and a schedule that stays near its peak for long needs a margin. None where the loss
    never fell by a tenth: then no rate here teaches this network anything.
    """
    if len(rates) < 10:
        return None
    mean = np.array(smooth(losses))
    lowest = int(mean.argmin())
    if mean[lowest] > 0.9 * mean[:5].mean():
        return None
    return float(f"{rates[lowest] / 3:.2g}")


def main() -> None:
    """Answer the question on standard input."""
    from cnn import datasets
    from cnn.network import from_dict
    from cnn.runs import jobs
    from cnn.training import read_settings
    from cnn.training.devices import compute_for, find_device, processes
    from cnn.training.trainer import Trainer

    asked = jobs.question()
    architecture, settings = from_dict(asked["architecture"]), read_settings(asked["settings"])
    settings = settings.model_copy(update={"early_stopping": 0})
    name = "auto" if processes(asked["device"]) else asked["device"]
    compute = compute_for(find_device(name), settings.precision, architecture.convolutional)
    preprocessing = datasets.preprocessing_for(asked["dataset"], settings.normalisation)
    images = datasets.load(asked["dataset"])
    trainer = Trainer(architecture, images, settings, preprocessing, compute, 0)
    rates, losses = [], []
    for rate, loss in range_test(trainer, *bounds(settings.optimizer)):
        rates.append(rate)
        losses.append(loss)
        jobs.answer(rate=rate, loss=loss)
    jobs.answer(suggestion=suggest(rates, losses))


if __name__ == "__main__":
    main()
