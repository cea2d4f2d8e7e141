"""A run's weights as a network, and its kept test probabilities."""

from __future__ import annotations

from typing import Any

from cnn.common.files import write_tensors
from cnn.runs.run import Run, RunError


def load_model(run: Run, epoch: int | None = None, device: str = "cpu"):
    """The run's network with an epoch's weights (None: the newest), ready to predict.

    Raises RunError where the weights are missing, damaged or of another network.
    """
    from safetensors.torch import load_file

    path = run.weights_path(epoch)
    model = run.config.architecture.build()
    try:
        model.load_state_dict(load_file(path))
    except Exception as error:
        raise RunError(
            f"The weights in {path.name} of '{run.name}' are damaged or belong to another network."
        ) from error
    return model.eval().to(device)


def save_test_scores(run: Run, scores: Any, labels: Any) -> float:
    """Keep the test set's probabilities with the run; returns the accuracy."""
    probabilities = scores.softmax(1).cpu()
    write_tensors(run.path / "test.safetensors", {"probabilities": probabilities})
    return float((probabilities.argmax(1) == labels).float().mean())
