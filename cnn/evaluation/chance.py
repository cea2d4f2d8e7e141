"""Whether a run does hardly better than guessing, and what to try then. Imports no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from cnn.common.text import percent
from cnn.datasets import DATASETS
from cnn.network import Architecture, advise
from cnn.runs import Config, Run
from cnn.training import OPTIMIZERS, Settings

# In standard deviations of the accuracy of guessing. So many cover what always answering the
# commonest class gives: MNIST's test set is 11.35% ones.
MARGIN = 5.0
SLOW = 1 / 30  # of the optimiser's usual learning rate: one below that is taken for too small


@dataclass(frozen=True)
class NearChance:
    """A run that learned nothing: what to say, what to try, and the settings to try again with
    (empty where the network is the likely cause)."""

    text: str
    try_next: tuple[str, ...]
    settings: dict[str, float] = field(default_factory=dict)


def chance_level(classes: int, images: int) -> float:
    """The accuracy, 0-1, up to which a network may be guessing among `classes` on so many test
    images: 1 / classes, and five standard deviations of the binomial distribution above."""
    share = 1 / classes
    return share + MARGIN * math.sqrt(share * (1 - share) / images)


def near_chance(run: Run) -> NearChance | None:
    """What to say of a run that has ended and does no better than guessing; None for another."""
    status = run.status()
    accuracy = status.get("test_accuracy")
    if status["state"] != "finished" or not isinstance(accuracy, int | float):
        return None
    config = run.config
    if accuracy > chance_level(len(config.classes), DATASETS[config.dataset].test_images):
        return None
    text = (
        f"It has learned next to nothing: {percent(accuracy)} of the test images, and guessing "
        f"among {len(config.classes)} classes gives {percent(1 / len(config.classes), 0)}."
    )
    return NearChance(text, *_what_to_try(config))


def _what_to_try(config: Config) -> tuple[tuple[str, ...], dict[str, float]]:
    causes = _in_the_network(config.architecture)
    if causes:
        return (*causes, "Change that on Design, and train it again."), {}
    rate = _another_rate(config.settings)
    smaller = rate < config.settings.learning_rate
    return (
        f"A {'smaller' if smaller else 'larger'} learning rate, such as {rate:g}; Find a learning "
        "rate on Train measures one.",
        "Another activation function (ReLU) or weight initialisation, or batch norm after each "
        "convolution, on Design.",
        "More epochs.",
    ), {"learning_rate": rate}


def _in_the_network(architecture: Architecture) -> tuple[str, ...]:
    """What of the network alone keeps it from learning."""
    return tuple(
        f"{'' if found.number is None else f'Layer {found.number}: '}{found.text}"
        for found in advise(architecture)
        if found.severity == "warning"
    )


def _another_rate(settings: Settings) -> float:
    """The optimiser's usual learning rate for one far below it, else a tenth."""
    usual, rate = OPTIMIZERS[settings.optimizer].learning_rate, settings.learning_rate
    return usual if rate < usual * SLOW else float(f"{rate / 10:.3g}")
