"""Two runs on the same test set: where they agree, where they do not, and what follows of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn import datasets
from cnn.evaluation.classification import confusion_matrix
from cnn.evaluation.scoring import predict, test_probabilities
from cnn.evaluation.significance import Comparison, compare
from cnn.runs import Run, RunError


@dataclass(frozen=True)
class Pair:
    """What runs A and B make of the same test images: labels and predictions int64 `(N,)`, their
    confidences float32 `(N,)`, confusion matrices int64 `(classes, classes)`."""

    dataset: str  # whose test images these are
    labels: NDArray[np.int64]
    predictions: tuple[NDArray[np.int64], NDArray[np.int64]]
    confidences: tuple[NDArray[np.float32], NDArray[np.float32]]
    confusions: tuple[NDArray[np.int64], NDArray[np.int64]]
    classes: tuple[str, ...]
    comparison: Comparison

    def disagreements(self) -> NDArray[np.int64]:
        """The images that both read differently: first those that one of them reads rightly, the
        most confident mistake first; then those that both read wrongly."""
        first, second = self.predictions
        at = np.flatnonzero(first != second)
        right = (first[at] == self.labels[at]) | (second[at] == self.labels[at])
        wrong = np.where(first[at] == self.labels[at], self.confidences[1][at], 0)
        wrong = np.where(second[at] == self.labels[at], self.confidences[0][at], wrong)
        return at[np.lexsort((-wrong, ~right))]


def pair(a: Run, b: Run) -> Pair:
    """Compare two runs by their kept test results; where their data set is not on disk, by what
    they make of the images that stand in for it. Raises RunError, saying why, where they have no
    results or not of the same images; DataError where nothing stands in."""
    for run in (a, b):
        if run.config.dataset != a.config.dataset:
            raise RunError(
                f"'{a.name}' was tested on {_label(a)} and '{run.name}' on {_label(run)}: on "
                "different images no difference can be tested."
            )
    dataset = datasets.at_hand(a.config.dataset)
    images = datasets.load(dataset)
    labels = images.test_labels.numpy()
    if dataset == a.config.dataset:
        found = [probabilities_of(run, len(labels)) for run in (a, b)]
    else:
        found = [predict(run, images.test_images) for run in (a, b)]
    classes = a.config.classes
    guesses = (found[0].argmax(1), found[1].argmax(1))
    matrices = [confusion_matrix(labels, guess, len(classes)) for guess in guesses]
    return Pair(
        dataset=dataset,
        labels=labels,
        predictions=guesses,
        confidences=(found[0].max(1), found[1].max(1)),
        confusions=(matrices[0], matrices[1]),
        classes=classes,
        comparison=compare(guesses[0] == labels, guesses[1] == labels),
    )


def probabilities_of(run: Run, images: int) -> NDArray[np.float32]:
    """The kept probabilities of so many test images, `(images, classes)`. Raises RunError where
    there are none."""
    kept = test_probabilities(run)
    if kept is None or len(kept) != images:
        raise RunError(
            f"'{run.name}' has not been scored on its test set: that happens at the end of its "
            "training, or on Evaluate."
        )
    return kept


def _label(run: Run) -> str:
    return datasets.DATASETS[run.config.dataset].label
