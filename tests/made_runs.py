"""Finished runs that nobody trained: folders as the worker leaves them, with chosen figures."""

from __future__ import annotations

import json

import numpy as np
from safetensors.numpy import save_file

from cnn import runs
from cnn.common.files import write_tensors
from cnn.network import Architecture
from cnn.runs.curves import keep
from cnn.training import Settings
from tests.conftest import SMALL, SMALL_SETTINGS

CLASSES = 10


def made_run(
    name: str = "Made",
    accuracies: tuple[float, ...] = (0.8, 0.9),
    guesses: np.ndarray | None = None,
    test: float | None = None,
    **settings: object,
) -> runs.Run:
    """A finished run with that validation accuracy after each epoch; `guesses`: on the test set."""
    chosen = SMALL_SETTINGS.changed(epochs=len(accuracies), **settings)
    run = runs.new(SMALL, chosen, "mnist-sample", "cpu", name=name)
    if guesses is not None:
        shares = np.full((len(guesses), CLASSES), 0.01, np.float32)
        shares[np.arange(len(guesses)), guesses] = 0.91
        save_file({"probabilities": shares}, run.files.test_probabilities)
    finish(run, accuracies, test)
    return run


def untrained_run(network: Architecture, name: str | None = None) -> runs.Run:
    """A finished run of a network as it was born."""
    run = runs.new(network, Settings(epochs=1), "mnist-sample", "cpu", name=name)
    write_tensors(run.path / "checkpoints" / "epoch-000.safetensors", network.build().state_dict())
    run.write_status(state="finished", epoch=0, epochs=1)
    return run


def finish(run: runs.Run, accuracies: tuple[float, ...], test: float | None = None) -> None:
    """Let `run` have ended with that validation accuracy after each epoch."""
    rows = []
    for epoch, accuracy in enumerate(accuracies, 1):
        losses = [[10 * epoch + k - 9, 2 / (10 * epoch + k - 9)] for k in range(10)]
        report = {"kind": "report", "step": 10 * epoch, "epoch": epoch, "losses": losses}
        rows.append({**report, "learning_rate": 0.01, "images_per_second": 500.0})
        end = {"kind": "epoch", "step": 10 * epoch, "epoch": epoch, "train_accuracy": accuracy}
        loss = {"train_loss": 1 - accuracy, "validation_loss": 1.1 - accuracy, "seconds": 2.0}
        rows.append({**end, **loss, "validation_accuracy": accuracy})
    run.files.metrics.write_text("".join(json.dumps(row) + "\n" for row in rows))
    keep(run)
    run.write_status(
        state="finished",
        device="cpu",
        best_validation=max(accuracies),
        test_accuracy=accuracies[-1] if test is None else test,
        train_seconds=2.0 * len(accuracies),
        images_seen=1000 * len(accuracies),
    )
