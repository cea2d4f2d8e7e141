"""What a training leaves in its run: the best epoch, and what to change after a failure."""

from __future__ import annotations

import os

import pytest
import torch
from safetensors.torch import load_file

from cnn import runs
from cnn.runs import worker
from cnn.runs.weights import load_model
from cnn.training import Settings
from cnn.training.control import TrainingError
from tests.conftest import SMALL, SMALL_SETTINGS


def make(**changes) -> runs.Run:
    settings = Settings.model_validate({**SMALL_SETTINGS.model_dump(), **changes})
    return runs.new(SMALL, settings, "mnist-sample", "cpu")


def test_early_stopping_keeps_the_best_epoch_as_the_newest_weights(runs_folder):
    run = make(epochs=60, early_stopping=1, learning_rate=0.05, schedule="constant")
    assert worker.run_worker(run, background=False) == "finished"
    status = run.status()
    ends = [row for row in run.metrics() if row["kind"] == "epoch"]
    losses = [row["validation_loss"] for row in ends]
    assert status["stopped_early"] and len(ends) < 60
    assert status["kept_epoch"] == status["best_epoch"] == losses.index(min(losses)) + 1
    newest, best = load_file(run.weights_path()), load_file(run.weights_path(status["kept_epoch"]))
    for name, value in best.items():
        assert torch.equal(newest[name], value)
    model = load_model(run)
    assert all(torch.equal(v, best[k]) for k, v in model.state_dict().items())


def test_without_early_stopping_the_last_epoch_stays(trained):
    newest, last = load_file(trained.weights_path()), load_file(trained.weights_path(2))
    assert all(torch.equal(newest[name], value) for name, value in last.items())
    assert "kept_epoch" not in trained.status()


def test_a_status_tells_memory_and_speed_of_the_process(trained):
    status = trained.status()
    assert 50e6 < status["memory"] < 4e9
    assert status["utilisation"] is None
    assert status["processes"] == 1
    assert status["images_per_second"] > 0


def broken(monkeypatch, error: Exception) -> runs.Run:
    """A run whose third step fails."""
    from cnn.training.trainer import Trainer

    step = Trainer._step

    def fails(self, *arguments):
        if self.position.step == 2:
            raise error
        step(self, *arguments)

    monkeypatch.setattr(Trainer, "_step", fails)
    run = make()
    assert worker.run_worker(run, background=False) == "failed"
    return run


def test_out_of_memory_offers_a_smaller_batch_and_keeps_what_was_learned(monkeypatch, runs_folder):
    run = broken(monkeypatch, torch.OutOfMemoryError("CUDA out of memory. Tried to allocate"))
    status = run.status()
    assert status["state"] == "failed" and "memory" in status["message"]
    assert 1 <= status["suggested_settings"]["batch_size"] < SMALL_SETTINGS.batch_size
    assert run.checkpoints() == [0]
    monkeypatch.undo()
    os.environ["CNN_RUNS_DIR"] = str(runs_folder)
    again = runs.retry(run, status["suggested_settings"])
    assert again.config.settings.batch_size == status["suggested_settings"]["batch_size"]
    assert again.config.architecture == run.config.architecture
    assert "batch size" in again.name
    assert worker.run_worker(again, background=False) == "finished"


def test_a_diverged_run_offers_a_smaller_learning_rate(monkeypatch, runs_folder):
    run = broken(monkeypatch, TrainingError("No number.", learning_rate=0.002))
    assert run.status()["suggested_settings"] == {"learning_rate": 0.002}


def test_a_retry_that_makes_no_sense_is_refused(trained):
    with pytest.raises(runs.RunError):
        runs.retry(trained, {"batch_size": 0})
