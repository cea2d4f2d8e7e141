"""The learning-rate range test: raise the rate at every step and watch when the loss falls fastest.

Smith, "Cyclical Learning Rates for Training Neural Networks", 2017, arXiv:1506.01186, with a rate
that grows geometrically. `python -m cnn.runs.learning_rate_finder` reads `{"architecture": ...,
"settings": ..., "dataset": ..., "device": ...}` from standard input and answers a JSON line per
step (`rate`, `loss`) and at the end one with the `suggestion`. The Train page needs `bounds` and
`smooth_losses` before torch is there: `main` alone imports it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnn import datasets
from cnn.common import smoothing
from cnn.runs import jobs
from cnn.training import OPTIMIZERS
from cnn.training.devices import find_device, processes

if TYPE_CHECKING:
    from cnn.training.trainer import Trainer

STEPS = 120
SMOOTHING = 0.85
GIVE_UP = 3.0  # training has diverged where the smoothed loss is so many times its lowest

# The losses without their noise.
smooth_losses = functools.partial(smoothing.moving_average, weight=SMOOTHING)


def bounds(optimizer: str) -> tuple[float, float]:
    """The lowest and highest rate worth trying: around the optimiser's usual one."""
    usual = OPTIMIZERS[optimizer].learning_rate
    return usual / 1000, min(usual * 1000, 10.0)


def range_test(
    trainer: Trainer, low: float, high: float, steps: int = STEPS
) -> Iterator[tuple[float, float]]:
    """Yield `(rate, loss)` of each step, the rate growing from `low` to `high`.

    Afterwards the trainer is of no other use. Ends early where the loss has risen to three times
    its lowest, or is no number any more.
    """
    losses: list[float] = []
    trainer.model.train()
    trainer.batches.begin(0)
    for step in range(steps):
        rate = low * (high / low) ** (step / max(steps - 1, 1))
        loss = trainer.try_step(step % trainer.steps_per_epoch, rate)
        if not math.isfinite(loss):
            return
        yield rate, loss
        losses.append(loss)
        smoothed = smooth_losses(losses)
        if step > 10 and smoothed[-1] > GIVE_UP * min(smoothed):
            return


def suggest(rates: Sequence[float], losses: Sequence[float]) -> float | None:
    """A peak learning rate, to two digits: a third of the rate at which the loss is lowest.

    Beyond that rate training diverges. Smoothing delays the loss, which moves its lowest point to a
    little higher rates, and a schedule that stays near its peak for long needs a margin. None where
    the loss never fell by a tenth: then no rate here teaches this network anything.
    """
    if len(rates) < 10:
        return None
    mean = np.array(smooth_losses(losses))
    lowest = int(mean.argmin())
    if mean[lowest] > 0.9 * mean[:5].mean():
        return None
    return float(f"{rates[lowest] / 3:.2g}")


def main() -> None:
    """Answer the question on standard input."""
    from cnn.training.accelerators import accelerator_for
    from cnn.training.trainer import Trainer

    architecture, settings, question = jobs.read_question()
    settings = settings.changed(early_stopping=0)
    name = "auto" if processes(question["device"]) else question["device"]
    device, convolutional = find_device(name), architecture.convolutional
    accelerator = accelerator_for(device, settings.precision, convolutional)
    preprocessing = datasets.preprocessing_for(question["dataset"], settings.normalisation)
    images = datasets.load(question["dataset"])
    trainer = Trainer(architecture, images, settings, preprocessing, accelerator, 0)
    rates, losses = [], []
    for rate, loss in range_test(trainer, *bounds(settings.optimizer)):
        rates.append(rate)
        losses.append(loss)
        jobs.answer(rate=rate, loss=loss)
    jobs.answer(suggestion=suggest(rates, losses))


if __name__ == "__main__":
    main()
