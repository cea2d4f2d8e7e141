"""Experiments to try, as data: a question, the network and settings that answer it, what to see.

The Learn page sets one up in one click. The tests train those whose claim can be checked in
seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cnn.network import Architecture
from cnn.network.layers import Flatten
from cnn.presets.blocks import linear_relu, network
from cnn.presets.catalogue import DEFAULT_PRESET, PRESETS
from cnn.training import Settings


@dataclass(frozen=True)
class Experiment:
    """A preset, or a network of its own, with some settings changed.

    `dataset` None: MNIST where it is on disk, else its sample.
    """

    name: str
    title: str
    question: str
    look_for: str
    preset: str | None = None
    own_network: Architecture | None = None
    changes: dict[str, float | str] = field(default_factory=dict)
    dataset: str | None = None

    @property
    def architecture(self) -> Architecture:
        """The network: its own, else the preset's."""
        return self.own_network or PRESETS[self.preset or DEFAULT_PRESET].architecture

    @property
    def settings(self) -> Settings:
        """The preset's settings (the default ones without a preset) with the changes."""
        base = PRESETS[self.preset].settings if self.preset else Settings()
        return base.changed(**self.changes)


EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment(
        "baseline",
        "How far without convolution?",
        "The tutorial's own program: pixels from 0 to 1, flattened, ten sigmoid outputs, Adam, "
        "five epochs.",
        "It ends near 92.6% and no epoch will help: one weight per pixel is all it has.",
        "tutorial",
    ),
    Experiment(
        "filters",
        "What do filters become?",
        "Compact CNN, for one pass over the data.",
        "The first filters start as noise and turn into edges; 99% of digits are read at the end.",
        "compact",
        changes={"epochs": 1},
    ),
    Experiment(
        "pooling",
        "Maximum, average or sum?",
        "One network, whose twins pool by average and by sum: presets on Design that differ in "
        "nothing else.",
        "Train all three, then lay their curves over each other on Compare.",
        "twin-max",
    ),
    Experiment(
        "by-heart",
        "Can it learn by heart?",
        "A wide network on few digits, with nothing to hold it back.",
        "Training accuracy reaches 100%, validation accuracy stays behind: over-fitting. Then add "
        "augmentation or dropout, and train again.",
        own_network=network(Flatten(), *linear_relu(512), *linear_relu(512)),
        changes={
            "epochs": 20,
            "optimizer": "adam",
            "learning_rate": 0.001,
            "schedule": "constant",
            "weight_decay": 0.0,
        },
        dataset="mnist-sample",
    ),
    Experiment(
        "too-fast",
        "What if the steps are too large?",
        "LeNet-5 with momentum and a learning rate twenty times too high.",
        "The loss jumps instead of falling. Lower the learning rate while it runs, and watch it "
        "settle.",
        "lenet5",
        changes={
            "epochs": 40,
            "optimizer": "sgd",
            "learning_rate": 1.0,
            "schedule": "constant",
        },
        dataset="mnist-sample",
    ),
)
