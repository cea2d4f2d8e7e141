"""Over-fitting in words, and tries that really can be started."""

from __future__ import annotations

import pytest

from cnn import evaluation, runs
from cnn.evaluation import next_tries, over_fitting
from cnn.network.layers import Dropout
from cnn.presets import PRESETS
from cnn.runs.copies import retry
from cnn.training import Settings
from tests.conftest import SMALL, SMALL_SETTINGS


def epochs(*rows: tuple[float, float | None, float, float | None]) -> list:
    names = ("train_accuracy", "validation_accuracy", "train_loss", "validation_loss")
    return [
        {"kind": "epoch", "step": 10 * n, "epoch": n, **dict(zip(names, row, strict=True))}
        for n, row in enumerate(rows, 1)
    ]


def test_a_gap_is_over_fitting():
    found = over_fitting(epochs((0.9, 0.9, 0.3, 0.3), (0.999, 0.95, 0.01, 0.29)))
    assert found.over and not found.under and found.gap == pytest.approx(0.049)
    assert found.best_loss_epoch == 2
    assert found.text == (
        "It over-fits: it reads 99.9% of its training images and 95.0% of images held out, "
        "a gap of 4.9 points."
    )


def test_a_rising_validation_loss_is_said_too():
    found = over_fitting(epochs((0.97, 0.97, 0.1, 0.1), (0.98, 0.975, 0.05, 0.13)))
    assert found.over and found.best_loss_epoch == 1
    assert "begins to over-fit" in found.text and "lowest after epoch 1" in found.text


def test_neither_and_too_little():
    assert not over_fitting(epochs((0.99, 0.989, 0.03, 0.03))).over
    found = over_fitting(epochs((0.8, 0.81, 0.5, 0.5)))
    assert found.under and "No over-fitting in sight" in found.text
    assert over_fitting(epochs((0.9, None, 0.3, None))) is None and over_fitting([]) is None


@pytest.mark.parametrize("preset", list(PRESETS))
def test_every_try_can_be_started_and_differs_in_one_thing(runs_folder, preset):
    chosen = PRESETS[preset]
    run = runs.new(chosen.architecture, chosen.settings, "mnist-sample", "cpu", preset)
    tries = next_tries(run.config, None)
    assert tries
    for one in tries:
        again = retry(run, one.settings, one.architecture, one.label)
        same_network = again.config.architecture == run.config.architecture
        same_settings = again.config.settings == run.config.settings
        assert same_network != same_settings
        assert again.config.architecture.problem() is None
        assert one.label in again.name


def test_dropout_is_added_once_and_then_made_stronger():
    config = runs.new(SMALL, SMALL_SETTINGS, "mnist-sample").config
    first = next(t for t in next_tries(config, None) if t.label.startswith("Dropout"))
    assert isinstance(first.architecture.layers[-1], Dropout)
    config = config.changed(architecture=first.architecture)
    second = next(t for t in next_tries(config, None) if t.label.startswith("Dropout"))
    assert second.label == "Dropout 0.5"
    assert len(second.architecture.layers) == len(first.architecture.layers)


def test_few_training_images_and_other_data_get_what_suits_them(runs_folder):
    config = runs.new(SMALL, Settings(train_images=500), "mnist-sample").config
    assert next_tries(config, None)[0].settings == {"train_images": None}
    clothes = runs.new(SMALL, Settings(), "fashion-mnist").config
    augmentation = next(t for t in next_tries(clothes, None) if t.label == "Augmentation")
    assert set(augmentation.settings) == {"shift", "rotation"}


def test_what_has_learned_too_little_gets_more(runs_folder):
    config = runs.new(SMALL, SMALL_SETTINGS, "mnist-sample").config
    found = over_fitting(epochs((0.8, 0.81, 0.5, 0.5)))
    more = next_tries(config, found)
    assert more[0].settings == {"epochs": 2 * SMALL_SETTINGS.epochs}
    assert more[1].architecture.parameters > SMALL.parameters


def test_a_fine_tuned_run_keeps_its_network(runs_folder):
    config = runs.new(SMALL, SMALL_SETTINGS, "mnist-sample").config.changed(start_from="other")
    assert all(one.architecture is None for one in next_tries(config, None))


def test_the_real_run_is_judged(trained):
    rows = [row for row in trained.metrics() if row["kind"] == "epoch"]
    assert evaluation.over_fitting(rows) is not None
