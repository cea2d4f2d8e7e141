"""A run scored on its test set, at any epoch: probabilities and accuracy, kept with the run.

torch is imported inside functions: the first page is painted without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnn import datasets
from cnn.common.progress import Progress
from cnn.runs import Run, When

if TYPE_CHECKING:
    from torch import Tensor


def predict_logits(
    run: Run, images: NDArray[np.generic] | Tensor, when: When | None = None
) -> NDArray[np.float32]:
    """Logits `(N, classes)` for images `(N, 28, 28)`, uint8 (0-255) or float (0-1). Raises
    RunError."""
    import torch

    from cnn.runs.weights import load_model, logits_of

    return logits_of(run, load_model(run, when), torch.as_tensor(images)).numpy()


def predict(
    run: Run, images: NDArray[np.generic] | Tensor, when: When | None = None
) -> NDArray[np.float32]:
    """Probabilities `(N, classes)` for images as `predict_logits` takes them. Raises RunError."""
    import torch

    return torch.from_numpy(predict_logits(run, images, when)).softmax(1).numpy()


@dataclass(frozen=True)
class Scored:
    """Test images and what a run makes of them: images uint8 `(N, 28, 28)`, labels int64 `(N,)`,
    probabilities float32 `(N, classes)`."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    classes: tuple[str, ...]

    @property
    def predictions(self) -> NDArray[np.int64]:
        """The most probable class of each image, int64 `(N,)`."""
        return self.probabilities.argmax(axis=1)

    @property
    def right(self) -> int:
        """How many were read rightly."""
        return int((self.predictions == self.labels).sum())

    @property
    def accuracy(self) -> float:
        """The share read rightly, 0-1."""
        return self.right / len(self.labels)


def scored_test_set(run: Run, epoch: int | None = None) -> Scored:
    """The test images (those that stand in for them, where they are not on this machine) as the
    weights after an epoch read them; None: the newest, whose kept probabilities serve where they
    are whole. Raises DataError and RunError."""
    name = datasets.at_hand(run.config.dataset)
    images = datasets.load(name)
    kept = test_probabilities(run) if epoch is None and name == run.config.dataset else None
    if kept is None or len(kept) != len(images.test_labels):
        kept = predict(run, images.test_images, epoch)
    pixels, labels = images.test_images.numpy(), images.test_labels.numpy()
    return Scored(pixels, labels, kept, run.config.classes)


def validation_logits(
    run: Run, epoch: int | None = None
) -> tuple[NDArray[np.float32], NDArray[np.int64]] | None:
    """Logits `(N, classes)` and labels `(N,)` of the images that the run held out of training; None
    where it held none out, or they are not on this machine. Raises DataError and RunError."""
    config = run.config
    if not config.validation_images or not datasets.is_on_disk(config.dataset):
        return None
    images = datasets.load(config.dataset)
    _, held_out = datasets.split(images, config.validation_images, config.settings.seed)
    logits = predict_logits(run, images.train_images[held_out], epoch)
    return logits, images.train_labels[held_out].numpy()


def score_test_set(run: Run, progress: Progress | None = None) -> float:
    """Score the newest weights on the test set now, keep the result with the run, and return the
    accuracy. Raises RunError or DataError.

    Computed as at the end of a training. A run that older versions scored in bf16 gets the new
    number into its status too, so that it stands nowhere in two versions.
    """
    from cnn.runs import weights

    accuracy = weights.score_test_set(run, datasets.load(run.config.dataset), progress=progress)
    status = run.last_status()
    if run.is_example:
        return accuracy
    if status["state"] in ("finished", "stopped") and status.get("test_accuracy") != accuracy:
        run.write_status(**{**status, "test_accuracy": accuracy})
    return accuracy


def test_probabilities(run: Run) -> NDArray[np.float32] | None:
    """The kept test probabilities; None where the test set was not scored (or damaged)."""
    from safetensors.numpy import load_file

    try:
        kept = load_file(run.files.test_probabilities)["probabilities"].astype(np.float32)
        whole = kept.ndim == 2 and kept.shape[1] == len(run.config.classes)
        return kept if whole and np.allclose(kept.sum(axis=1), 1, atol=1e-3) else None
    except Exception:
        return None
