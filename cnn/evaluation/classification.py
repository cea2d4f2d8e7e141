"""How good predictions are: accuracy and its interval, top-2, loss, confusion matrix, precision,
recall and F1, mistakes. Plain numpy.

Probabilities are float32 `(N, classes)`, labels and predictions int64 `(N,)`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Z_95 = 1.959963984540054  # the normal distribution's 97.5% quantile


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


def least_certain(
    probabilities: NDArray[np.float32], labels: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Indices of rightly read images, the least confident first."""
    right = np.flatnonzero(probabilities.argmax(1) == labels)
    return right[np.argsort(probabilities[right].max(axis=1), kind="stable")]


def wilson_interval(hits: int, total: int, z: float = Z_95) -> tuple[float, float]:
    """The Wilson score interval of a share `hits / total`, in 0-1; `z` 1.96 gives 95%.

    Wilson, 1927, "Probable inference, the law of succession, and statistical inference", JASA 22.
    Raises ValueError for no images, or more hits than there are.
    """
    if not 0 <= hits <= total or total == 0:
        raise ValueError(f"{hits:,} of {total:,} is no share.")
    share, spread = hits / total, z * z / total
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    # Rounding errors aside, the ends are exactly 0 and 1 where nothing or all was right.
    return (0.0 if hits == 0 else middle - half), (1.0 if hits == total else middle + half)


def top_k_accuracy(
    probabilities: NDArray[np.float32], labels: NDArray[np.int64], k: int = 2
) -> float:
    """The share, 0-1, of images whose label is among the `k` most probable classes.

    Of classes that are equally probable the first counts as the more probable, as for `argmax`.
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    return float((order == labels[:, None]).any(axis=1).mean())


def cross_entropy(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The mean of -log of the label's probability, in nats.

    A probability below float32's epsilon (1.2e-7) counts as that, as in scikit-learn's `log_loss`:
    examples keep theirs in 16 bits, where small ones are 0.
    """
    own = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.clip(own, np.finfo(np.float32).eps, 1)).mean())
