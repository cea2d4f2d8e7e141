"""The experiments of the Learn page show what they say they show."""

import pytest

from cnn import runs
from cnn.presets import EXPERIMENTS
from cnn.runs.worker import run_worker

BY_NAME = {experiment.name: experiment for experiment in EXPERIMENTS}


def epochs(name, dataset="mnist-sample", **changes):
    """Train an experiment on the sample; the rows of its epochs."""
    experiment = BY_NAME[name]
    settings = experiment.settings.model_copy(update=changes)
    run = runs.new(experiment.architecture, settings, dataset, "cpu")
    assert run_worker(run, background=False) == "finished", run.status()
    return [row for row in run.metrics() if row["kind"] == "epoch"]


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.name)
def test_every_experiment_can_be_built(experiment):
    assert experiment.architecture.problem() is None


def test_the_wide_network_learns_by_heart():
    last = epochs("by-heart")[-1]
    assert last["train_accuracy"] > 0.999
    assert last["train_accuracy"] - last["validation_accuracy"] > 0.03


def test_too_large_steps_do_not_learn():
    assert all(row["train_accuracy"] < 0.3 for row in epochs("too-fast", epochs=2))
    slower = epochs("too-fast", epochs=4, learning_rate=0.02)
    assert slower[-1]["train_accuracy"] > 0.85
