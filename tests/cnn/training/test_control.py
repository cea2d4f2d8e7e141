"""What a control asks of a training, early stopping, and how a training fails."""

from __future__ import annotations

import pytest
import torch

from cnn import datasets
from cnn.training import Settings
from cnn.training.accelerators import accelerator_for
from cnn.training.control import ManualControl, TrainingError
from cnn.training.devices import find_device
from cnn.training.events import EpochEnd, Paused, Report
from cnn.training.trainer import Trainer
from tests.conftest import SMALL

PIXELS = datasets.preprocessing_for("mnist", "standardised")


def few(images: int = 600) -> datasets.Images:
    whole = datasets.load("mnist-sample")
    return whole._replace(
        train_images=whole.train_images[:images], train_labels=whole.train_labels[:images]
    )


def make(validation: int = 100, images: int = 600, architecture=SMALL, **changes) -> Trainer:
    values = {"epochs": 2, "batch_size": 64, "learning_rate": 0.01, "precision": "float32"}
    settings = Settings(**{**values, **changes})
    accelerator = accelerator_for(find_device("cpu"), settings.precision, True)
    return Trainer(architecture, few(images), settings, PIXELS, accelerator, validation)


def test_pausing_waits_and_a_stop_ends_within_one_batch():
    class Script(ManualControl):
        asked = 0

        @property
        def paused(self):
            self.asked += 1
            return 5 <= self.asked <= 6

        @paused.setter
        def paused(self, value): ...

    trainer = make(epochs=1)
    kinds = [type(e) for e in trainer.events(Script(), report_seconds=9)]
    assert kinds.count(Paused) == 2
    control, trainer = ManualControl(), make(epochs=5)
    for _ in trainer.events(control, report_seconds=0):
        control.stop = True
    assert trainer.position.step == 1


def test_a_new_learning_rate_acts_on_the_next_step():
    control, rates = ManualControl(), []
    for event in make(epochs=1, schedule="constant").events(control, report_seconds=0):
        if isinstance(event, Report):
            rates.append(event.learning_rate)
            control.learning_rate = 0.5 if event.step == 2 else control.learning_rate
    assert rates[:4] == [0.01, 0.01, 0.5, 0.5]


def test_a_loss_that_is_no_number_ends_the_run_with_a_rate_that_should_work():
    trainer = make(optimizer="sgd", learning_rate=10.0, epochs=20)
    # BatchNorm tames even this rate: without it the loss explodes.
    trainer = make(
        architecture=SMALL.model_copy(
            update={"layers": tuple(x for x in SMALL.layers if x.kind != "batch_norm2d")}
        ),
        optimizer="nesterov",
        learning_rate=10.0,
        epochs=20,
    )
    with torch.no_grad():
        next(trainer.model.parameters()).fill_(float("inf"))
    with pytest.raises(TrainingError, match="too large") as caught:
        list(trainer.events(ManualControl()))
    assert caught.value.suggested_settings == {"learning_rate": 1.0}


def test_early_stopping_ends_when_the_validation_loss_stops_falling():
    trainer = make(early_stopping=2, epochs=60, learning_rate=0.05, schedule="constant")
    ends = [e for e in trainer.events(ManualControl()) if isinstance(e, EpochEnd)]
    losses = [e.validation_loss for e in ends]
    assert trainer.stopped_early and trainer.done
    assert len(ends) < 60
    assert trainer.position.best_loss_epoch == losses.index(min(losses)) + 1 == len(ends) - 2


def test_early_stopping_needs_validation_images():
    with pytest.raises(TrainingError, match="Hold some out"):
        make(validation=0, early_stopping=1)
