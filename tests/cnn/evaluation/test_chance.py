"""A run that does no better than guessing is named, with what to try."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cnn import evaluation, runs
from cnn.cli.main import main
from cnn.datasets import DATASETS
from cnn.evaluation import chance_level
from cnn.network import Architecture
from cnn.network.layers import Activation, Flatten, Linear
from cnn.presets import PRESETS
from cnn.training import OPTIMIZERS, Settings
from tests.conftest import SMALL

ZEROS = Architecture(layers=(Flatten(), Linear(units=8, init="zeros", bias=False), Activation()))


@pytest.mark.parametrize(
    ("classes", "images", "level"), [(10, 10_000, 0.115), (10, 1_000, 0.1474), (2, 100, 0.75)]
)
def test_chance_level_is_five_standard_deviations_above_guessing(classes, images, level):
    assert chance_level(classes, images) == pytest.approx(level, abs=1e-4)


def test_guessing_stays_below_it_and_always_saying_one_too():
    random = np.random.default_rng(0)
    for dataset in DATASETS.values():
        level = chance_level(len(dataset.classes), dataset.test_images)
        p = 1 / len(dataset.classes)
        guesses = random.binomial(dataset.test_images, p, 2000) / dataset.test_images
        assert (guesses <= level).all()
    assert chance_level(10, 10_000) > 0.1135 and chance_level(10, 10_000) < 0.12


def ended(accuracy, settings=None, architecture=SMALL, dataset="mnist", **status) -> runs.Run:
    run = runs.new(architecture, settings or Settings(), dataset, "cpu")
    run.write_status(**{"state": "finished", "test_accuracy": accuracy, **status})
    return run


def test_a_lenet_that_ends_at_11_per_cent_is_named_with_a_tenth_of_its_rate(runs_folder):
    preset = PRESETS["lenet5"]
    run = ended(0.1135, preset.settings.changed(learning_rate=0.3), preset.architecture)
    found = evaluation.near_chance(run)
    assert found is not None
    assert found.text == (
        "It has learned next to nothing: 11.3% of the test images, and guessing "
        "among 10 classes gives 10%."
    )
    assert found.settings == {"learning_rate": 0.03}
    words = " ".join(found.try_next)
    assert "smaller learning rate, such as 0.03" in words
    assert "activation function" in words and "initialisation" in words
    again = runs.retry(run, found.settings)
    assert again.config.settings == run.config.settings.changed(learning_rate=0.03)


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_a_rate_far_below_the_usual_one_gets_the_usual_one(runs_folder, optimizer):
    usual = OPTIMIZERS[optimizer].learning_rate
    found = evaluation.near_chance(
        ended(0.1, Settings(optimizer=optimizer, learning_rate=usual / 1000))
    )
    assert found is not None and found.settings == {"learning_rate": usual}
    assert "larger learning rate" in found.try_next[0]


def test_a_network_that_cannot_learn_gets_no_button(runs_folder):
    found = evaluation.near_chance(ended(0.1, architecture=ZEROS))
    assert found is not None and found.settings == {}
    assert found.try_next[0].startswith("Layer 2: All its weights begin at zero")


@pytest.mark.parametrize(
    ("accuracy", "more"),
    [(0.12, {}), (0.99, {}), (None, {}), (0.1, {"state": "stopped"}), (0.1, {"state": "failed"})],
)
def test_other_runs_are_left_alone(runs_folder, accuracy, more):
    assert evaluation.near_chance(ended(accuracy, **more)) is None


def test_the_level_goes_by_the_size_of_the_test_set(runs_folder):
    assert evaluation.near_chance(ended(0.14, dataset="mnist")) is None
    assert evaluation.near_chance(ended(0.14, dataset="mnist-sample")) is not None


def test_the_command_line_says_so(runs_folder, tmp_path, capsys):
    file = tmp_path / "zeros.json"
    file.write_text(ZEROS.model_dump_json())
    arguments = ["--dataset", "mnist-sample", "--epochs", "1", "--device", "cpu"]
    assert main(["train", "--architecture", str(file), *arguments]) == 0
    out, err = capsys.readouterr()
    assert "learned next to nothing: 10.0%" in err and "  - Layer 2: All its weights" in err
    assert main(["evaluate", json.loads(out)["run"]]) == 0
    assert "learned next to nothing" in capsys.readouterr().err
