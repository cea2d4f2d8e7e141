"""How good a run is: test scores, confusion matrix, per-class report, mistakes.

Functions take plain numpy arrays where they can: probabilities float32 `(N, classes)`, labels
int64 `(N,)`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn.runs import Run, RunError


@dataclass(frozen=True)
class ClassScore:
    """One class's figures, in 0-1, and how many test images it has."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


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


def predict(run: Run, images, epoch: int | None = None) -> NDArray[np.float32]:
    """Probabilities `(N, classes)` for images `(N, 28, 28)`, uint8 (0-255) or float (0-1)."""
    import torch

    from cnn.training import score

    tensor = torch.as_tensor(images)
    return score(load_model(run, epoch), tensor, run.preprocessing).softmax(1).numpy()


def score_test_set(run: Run, progress: Callable[[float], None] | None = None) -> float:
    """Score the newest weights on the test set now, keep the result with the run, and return the
    accuracy. Raises RunError or DataError."""
    from cnn import data
    from cnn.session import save_test_scores
    from cnn.training import score

    images = data.load(run.config.dataset)
    scores = score(load_model(run), images.test_images, run.preprocessing, progress=progress)
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


def confusion_matrix(
    labels: NDArray[np.int64], predictions: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """Counts `(classes, classes)`: row = truth, column = prediction."""
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (labels, predictions), 1)
    return counts


def class_report(confusion: NDArray[np.int64], names: tuple[str, ...]) -> list[ClassScore]:
    """Precision, recall and F1 per class; 0 where nothing was predicted or nothing is there."""
    hits = np.diag(confusion).astype(float)
    predicted, actual = confusion.sum(axis=0), confusion.sum(axis=1)
    precision = np.divide(hits, predicted, out=np.zeros_like(hits), where=predicted > 0)
    recall = np.divide(hits, actual, out=np.zeros_like(hits), where=actual > 0)
    both = precision + recall
    f1 = np.divide(2 * precision * recall, both, out=np.zeros_like(hits), where=both > 0)
    return [
        ClassScore(name, float(p), float(r), float(f), int(n))
        for name, p, r, f, n in zip(names, precision, recall, f1, actual, strict=True)
    ]


def mistakes(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indices of wrongly read images, the surest mistake first."""
    wrong = np.flatnonzero(probabilities.argmax(1) != labels)
    return wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")]
