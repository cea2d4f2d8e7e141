"""Networks of history as presets, what the runs there are have cost, and the simplest reader."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from cnn import runs
from cnn.presets import PRESETS

# When it was published, and the preset in its spirit.
HISTORY: tuple[tuple[int, str], ...] = (
    (1958, "tutorial"),
    (1980, "neocognitron"),
    (1998, "lenet5"),
    (2013, "nin"),
    (2014, "mini-vgg"),
    (2015, "mini-resnet"),
    (2017, "mobile"),
)
assert all(name in PRESETS for _, name in HISTORY)


class Cost(TypedDict):
    """What a finished run's network needs and reads; accuracy 0-1, on the test set of `dataset`;
    `preset`: the one whose network it is, None for another."""

    name: str
    preset: str | None
    dataset: str
    parameters: int
    multiply_adds: int
    accuracy: float


def costs(found: list[runs.Run], most: int = 30) -> list[Cost]:
    """Of the newest finished runs."""
    made: list[Cost] = []
    for run in found:
        try:
            status, config = run.status(), run.config
        except runs.RunError:
            continue
        accuracy = status.get("test_accuracy")
        if status["state"] == "finished" and accuracy is not None:
            network = config.architecture
            made.append(
                {
                    "name": run.name,
                    "preset": next(
                        (name for name, it in PRESETS.items() if it.architecture == network), None
                    ),
                    "dataset": config.dataset,
                    "parameters": network.parameters,
                    "multiply_adds": network.multiply_adds,
                    "accuracy": accuracy,
                }
            )
    return made[:most]


def nearest_mean(
    train: NDArray[np.uint8],
    train_labels: NDArray[np.integer],
    test: NDArray[np.uint8],
    test_labels: NDArray[np.integer],
) -> tuple[NDArray[np.float32], float]:
    """The mean image of each class, float32 `(classes, 28, 28)` in 0-1, and how many of the test
    images `(N, 28, 28)` lie nearest to the mean of their own class (Euclidean), 0-1."""
    x = train.reshape(len(train), -1).astype(np.float32) / 255
    means = np.stack([x[train_labels == label].mean(axis=0) for label in np.unique(train_labels)])
    y = test.reshape(len(test), -1).astype(np.float32) / 255
    distances = (means**2).sum(axis=1) - 2 * y @ means.T  # less what is the same for all classes
    accuracy = float((distances.argmin(axis=1) == test_labels).mean())
    return means.reshape(-1, *train.shape[1:]), accuracy
