"""A run through time: one tensor, or one image's scores, at every epoch that was kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnn.common.progress import Progress, Stop, step
from cnn.runs import Run, RunError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class FilterHistory:
    """One filter at every kept epoch: `epochs` int `(E,)`, `weights` float32
    `(E, input channels, k, k)`."""

    epochs: NDArray[np.int64]
    weights: NDArray[np.float32]


def filter_through_time(run: Run, tensor: str, filter_number: int) -> FilterHistory:
    """One filter of the weight called `tensor` (see `Filters.tensor`) at every kept epoch.

    Reads only that filter's bytes of each checkpoint. A checkpoint that is missing or damaged is
    left out. Raises RunError where none can be read, or holds no such filter.
    """
    from safetensors import SafetensorError, safe_open

    from cnn.runs.weights import old_name

    epochs, weights = [], []
    for epoch in run.checkpoints():
        try:
            with safe_open(run.weights_path(epoch), framework="numpy") as file:
                name = tensor if tensor in set(file.keys()) else old_name(tensor)
                weights.append(file.get_slice(name)[filter_number : filter_number + 1][0])
        except (SafetensorError, RunError, OSError, IndexError):
            continue
        epochs.append(epoch)
    if not epochs:
        raise RunError(f"'{run.name}' has kept no epoch with filter {filter_number} of {tensor}.")
    return FilterHistory(np.array(epochs), np.stack(weights).astype(np.float32))


@dataclass(frozen=True)
class ScoreHistory:
    """One image's scores at every kept epoch: `epochs` int `(E,)`, `probabilities` float32
    `(E, classes)`."""

    epochs: NDArray[np.int64]
    probabilities: NDArray[np.float32]


def scores_through_time(
    run: Run, image: Tensor, progress: Progress | None = None, stop: Stop | None = None
) -> ScoreHistory:
    """The class probabilities of `image` `(28, 28)`, uint8 or float (0-1), at every kept epoch.

    A damaged checkpoint is left out. Raises RunError where none can be read, and Stopped.
    """
    import torch

    from cnn.runs.weights import load_model

    x = run.preprocessing(torch.as_tensor(np.asarray(image))[None])
    epochs, rows = [], []
    kept = run.checkpoints()
    for at, epoch in enumerate(kept):
        step(at / len(kept), progress, stop)
        try:
            model = load_model(run, epoch)
        except RunError:
            continue
        with torch.inference_mode():
            rows.append(model(x)[0].softmax(0).numpy())
        epochs.append(epoch)
    if not epochs:
        raise RunError(f"'{run.name}' has kept no epoch yet.")
    return ScoreHistory(np.array(epochs), np.stack(rows))
