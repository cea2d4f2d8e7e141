"""What a training shares out, obeys at once, ends early for, and fails with."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from cnn import datasets
from cnn.training import Settings
from cnn.training.batches import Batches
from cnn.training.control import Steer, TrainingError
from cnn.training.devices import compute_for, find_device
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
    compute = compute_for(find_device("cpu"), settings.precision, True)
    return Trainer(architecture, few(images), settings, PIXELS, compute, validation)


def test_pausing_waits_and_a_stop_ends_within_one_batch():
    class Script(Steer):
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
    steer, trainer = Steer(), make(epochs=5)
    for _ in trainer.events(steer, report_seconds=0):
        steer.stop = True
    assert trainer.position.step == 1


def test_a_new_learning_rate_acts_on_the_next_step():
    steer, rates = Steer(), []
    for event in make(epochs=1, schedule="constant").events(steer, report_seconds=0):
        if isinstance(event, Report):
            rates.append(event.learning_rate)
            steer.learning_rate = 0.5 if event.step == 2 else steer.learning_rate
    assert rates[:4] == [0.01, 0.01, 0.5, 0.5]


def test_a_loss_that_is_no_number_ends_the_run_with_a_rate_that_should_work():
    trainer = make(optimizer="sgd", learning_rate=10.0, epochs=20)
    # BatchNorm tames even this rate: without it the loss explodes.
    trainer = make(
        architecture=SMALL.model_copy(
            update={"layers": tuple(x for x in SMALL.layers if x.kind != "batch_norm2d")}
        ),
        optimizer="nesterov", learning_rate=10.0, epochs=20,
    )  # fmt: skip
    with torch.no_grad():
        next(trainer.model.parameters()).fill_(float("inf"))
    with pytest.raises(TrainingError, match="too large") as caught:
        list(trainer.events(Steer()))
    assert caught.value.suggested_settings == {"learning_rate": 1.0}


def test_early_stopping_ends_when_the_validation_loss_stops_falling():
    trainer = make(early_stopping=2, epochs=60, learning_rate=0.05, schedule="constant")
    ends = [e for e in trainer.events(Steer()) if isinstance(e, EpochEnd)]
    losses = [e.validation_loss for e in ends]
    assert trainer.stopped_early and trainer.done
    assert len(ends) < 60
    assert trainer.position.best_epoch == losses.index(min(losses)) + 1 == len(ends) - 2


def test_early_stopping_needs_images_to_judge_by():
    with pytest.raises(TrainingError, match="Hold some out"):
        make(validation=0, early_stopping=1)


@given(
    st.integers(20, 300), st.integers(1, 40), st.sampled_from([1, 2, 3]), st.integers(0, 5),
)  # fmt: skip
@bounded(max_examples=30, deadline=None)
def test_batches_show_every_image_once_whoever_takes_them(count, per_process, processes, epoch):
    images = torch.arange(count, dtype=torch.float32).reshape(-1, 1, 1)
    labels = torch.arange(count)
    seen, steps = [], set()
    for rank in range(processes):
        batches = Batches(
            images, labels, datasets.Preprocessing(0.0, 1.0), per_process * processes, 7, rank,
            processes,
        )  # fmt: skip
        batches.begin(epoch)
        steps.add(batches.steps)
        for step in range(batches.steps):
            x, y = batches.take(step)
            assert x.flatten().tolist() == y.tolist()
            assert len(y) <= per_process
            seen += y.tolist()
    assert len(steps) == 1  # nobody waits for a step that another does not make
    assert len(seen) == len(set(seen))
    assert count - len(seen) <= max(processes, 2) * 2 - 1
