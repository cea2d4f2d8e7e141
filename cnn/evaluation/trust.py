"""Whether a network's confidence can be trusted: reliability, expected calibration error,
temperature scaling, and what a threshold on the confidence buys. Plain numpy (scipy for the fit).

Probabilities and logits are float32 `(N, classes)`, labels int64 `(N,)`. The confidence of an
answer is its probability, the largest of the row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15  # as Guo and others
COLDEST, HOTTEST = 0.05, 20.0


@dataclass(frozen=True)
class Reliability:
    """Answers in bins of equal width by their confidence.

    `edges` float64 `(bins + 1,)` from 0 to 1; a bin holds its upper edge. `counts` int64, mean
    `confidence` and `accuracy` float64 in 0-1: all `(bins,)`, NaN where a bin is empty.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @property
    def expected_error(self) -> float:
        """The expected calibration error, 0-1: the mean distance of confidence and accuracy, each
        bin weighed by its answers (Naeini and others, 2015; Guo and others, 2017)."""
        gaps = np.nan_to_num(np.abs(self.confidence - self.accuracy))
        return float((gaps * self.counts).sum() / max(1, self.counts.sum()))


def reliability(
    probabilities: NDArray[np.floating], labels: NDArray[np.int64], bins: int = BINS
) -> Reliability:
    """How often answers of each confidence are right."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)

    def means(values: NDArray) -> NDArray[np.float64]:
        sums = np.bincount(place, weights=values, minlength=bins)
        return np.divide(sums, counts, out=np.full(bins, np.nan), where=counts > 0)

    return Reliability(edges, counts, means(confidence), means(right))


def softmax(logits: NDArray[np.floating], temperature: float = 1.0) -> NDArray[np.float64]:
    """Probabilities of logits divided by a temperature."""
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The temperature at which the mean cross-entropy is lowest, from 0.05 to 20.

    Give it the logits of images that the network neither learned from nor is tested on. Above 1: it
    was too confident. Guo and others, 2017, "On calibration of modern neural networks",
    arXiv:1706.04599. No answer changes, only how confident it is.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    own = np.arange(len(labels)), labels
    exact = logits.astype(np.float64)

    def loss(log_temperature: float) -> float:
        scaled = exact / np.exp(log_temperature)
        return float((logsumexp(scaled, axis=1) - scaled[own]).mean())

    limits = np.log(COLDEST), np.log(HOTTEST)
    return float(np.exp(minimize_scalar(loss, bounds=limits, method="bounded").x))


@dataclass(frozen=True)
class Coverage:
    """What refusing the least confident answers buys, the most confident ones kept first.

    `coverage` is the share that is answered, `accuracy` the share of those that is right,
    `threshold` the confidence from which on is answered: float64 `(N,)`, in 0-1. Where several
    answers have the same confidence, all of them are answered or none: one point for all.
    """

    coverage: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    threshold: NDArray[np.float64]

    def at(self, threshold: float) -> tuple[float, float | None]:
        """The share answered, and the accuracy of it (None: nothing is answered)."""
        answered = np.flatnonzero(self.threshold >= threshold)
        if not len(answered):
            return 0.0, None
        return float(self.coverage[answered[-1]]), float(self.accuracy[answered[-1]])


def coverage(probabilities: NDArray[np.floating], labels: NDArray[np.int64]) -> Coverage:
    """Accuracy against coverage, from the most confident answer alone to all of them."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    order = np.argsort(-confidence, kind="stable")
    right = (probabilities.argmax(axis=1) == labels)[order]
    answered = np.arange(1, len(order) + 1)
    sorted_confidence = confidence[order]
    last = np.append(sorted_confidence[1:] != sorted_confidence[:-1], True)
    accuracy = np.cumsum(right) / answered
    return Coverage((answered / len(order))[last], accuracy[last], sorted_confidence[last])
