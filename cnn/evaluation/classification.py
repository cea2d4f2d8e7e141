"""How good predictions are: confusion matrix, precision, recall and F1, mistakes. Plain numpy.

Probabilities are float32 `(N, classes)`, labels and predictions int64 `(N,)`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ClassScore:
    """One class's figures, in 0-1, and how many test images it has."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


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
    """Indices of wrongly read images, the most confident mistake first."""
    wrong = np.flatnonzero(probabilities.argmax(1) != labels)
    return wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")]
