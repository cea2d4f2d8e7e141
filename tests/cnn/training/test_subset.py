"""Fewer training images, and wrong labels."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnn.datasets import DATASETS
from cnn.drawing.synthetic_digits import additional_images
from cnn.training import Settings
from cnn.training.control import ManualControl
from cnn.training.events import Paused, Report
from cnn.training.subset import take_some
from tests.cnn.training.test_control import make

IMAGES = torch.arange(500, dtype=torch.uint8).view(500, 1, 1).expand(500, 28, 28)
LABELS = torch.arange(500) % 10


@given(
    count=st.none() | st.integers(10, 60_000),
    noise=st.floats(0, 0.5, allow_nan=False),
    seed=st.integers(0, 2**31 - 1),
)
def test_exactly_the_asked_share_of_labels_is_wrong(count, noise, seed):
    settings = Settings(train_images=count, label_noise=noise, seed=seed)
    images, labels = take_some(IMAGES, LABELS, settings, 10)
    expected = min(500, count or 500)
    assert len(images) == len(labels) == expected
    assert int((labels != LABELS[:expected]).sum()) == round(noise * expected)
    assert labels.min() >= 0 and labels.max() <= 9
    again = take_some(IMAGES, LABELS, settings, 10)
    assert torch.equal(labels, again[1])


def test_with_neither_asked_for_nothing_changes():
    images, labels = take_some(IMAGES, LABELS, Settings(), 10)
    assert images is IMAGES and labels is LABELS


def test_a_wrong_label_is_any_other_class():
    labels = torch.zeros(20_000, dtype=torch.long)
    images = torch.zeros(20_000, 1, 1, dtype=torch.uint8)
    _, noisy = take_some(images, labels, Settings(label_noise=0.5), 10)
    counts = noisy.bincount(minlength=10)[1:]
    assert counts.sum() == 10_000 and counts.min() > 950 and counts.max() < 1270


@pytest.mark.parametrize(("asked", "trained"), [(None, 55_000), (100, 100), (60_000, 55_000)])
def test_how_many_images_are_trained_on(asked, trained):
    assert Settings(train_images=asked).trained_on(DATASETS["mnist"]) == trained


def test_handwriting_adds_to_few_images_as_large_a_part_as_to_all(data_folder):
    images = IMAGES[:100].contiguous()
    few = Settings(handwriting=1.0, train_images=100)
    added = additional_images("mnist", few, images, LABELS[:100])
    assert 0 < len(added[0]) < 30
    assert (
        len(additional_images("mnist", Settings(handwriting=1.0), images, LABELS[:100])[0]) > 3000
    )


def test_a_trainer_trains_on_so_many():
    trainer = make(train_images=64, label_noise=0.25)
    assert len(trainer.batches.images) == 64 and trainer.steps_per_epoch == 1


def test_a_paused_training_goes_on_to_a_step_and_waits_there():
    control, trainer, seen = ManualControl(), make(epochs=1), []
    for event in trainer.events(control, report_seconds=9):
        seen.append(event)
        if isinstance(event, Report) and event.step == 1:
            control.paused = True
        elif isinstance(event, Paused) and event.paused:
            control.run_until = trainer.position.step + 3
        elif isinstance(event, Report) and event.step == 4:
            control.run_until = trainer.position.step + 1
        elif isinstance(event, Report) and event.step == 5:
            control.paused = False
    steps = [event.step for event in seen if isinstance(event, Report)]
    assert steps[:3] == [1, 4, 5] and trainer.done
    assert [event.paused for event in seen if isinstance(event, Paused)] == [True, False]
