"""A run scored on its test set: probabilities and accuracy, kept with the run.

torch is imported inside functions: the first page is painted without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnn import datasets
from cnn.common.progress import Progress
from cnn.runs import Run

if TYPE_CHECKING:
    from torch import Tensor


def predict(
    run: Run, images: NDArray[np.generic] | Tensor, epoch: int | None = None
) -> NDArray[np.float32]:
    """Probabilities `(N, classes)` for images `(N, 28, 28)`, uint8 (0-255) or float (0-1)."""
    import torch

    from cnn.runs.weights import load_model, logits_of

    return logits_of(run, load_model(run, epoch), torch.as_tensor(images)).softmax(1).numpy()


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
