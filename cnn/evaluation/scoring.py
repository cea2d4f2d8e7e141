"""A run scored on its test set: probabilities and accuracy, kept with the run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cnn.runs import Run


def predict(run: Run, images, epoch: int | None = None) -> NDArray[np.float32]:
    """Probabilities `(N, classes)` for images `(N, 28, 28)`, uint8 (0-255) or float (0-1)."""
    import torch

    from cnn.runs.weights import load_model
    from cnn.training.inference import predict_logits

    tensor = torch.as_tensor(images)
    return predict_logits(load_model(run, epoch), tensor, run.preprocessing).softmax(1).numpy()


def score_test_set(run: Run, progress: Callable[[float], object] | None = None) -> float:
    """Score the newest weights on the test set now, keep the result with the run, and return the
    accuracy. Raises RunError or DataError."""
    from cnn import datasets
    from cnn.runs.weights import load_model, save_test_scores
    from cnn.training.inference import predict_logits

    images = datasets.load(run.config.dataset)
    scores = predict_logits(
        load_model(run), images.test_images, run.preprocessing, progress=progress
    )
    return save_test_scores(run, scores, images.test_labels)


def test_probabilities(run: Run) -> NDArray[np.float32] | None:
    """The kept test probabilities; None where the test set was not scored (or damaged)."""
    from safetensors.numpy import load_file

    try:
        kept = load_file(run.path / "test.safetensors")["probabilities"]
        whole = kept.ndim == 2 and kept.shape[1] == len(run.config.classes)
        return kept if whole and np.allclose(kept.sum(axis=1), 1, atol=1e-3) else None
    except Exception:
        return None
