"""One filter, or one image's probabilities, at every epoch that a run has kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor

from cnn.common.progress import Progress, silent
from cnn.runs import Run, RunError
from cnn.runs.weights import load_model, old_name


@dataclass(frozen=True)
class OverEpochs:
    """`epochs` int `(E,)`, and float32 `values` whose first axis is the epochs'."""

    epochs: NDArray[np.int64]
    values: NDArray[np.float32]


def filter_over_epochs(run: Run, tensor: str, filter_number: int) -> OverEpochs:
    """One filter of the weight `tensor` (see `Filters.tensor`): `(E, input channels, k, k)`.

    Reads only that filter's bytes of each checkpoint. A checkpoint that is missing or damaged is
    left out. Raises RunError where none can be read, or holds no such filter.
    """
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
    return OverEpochs(np.array(epochs), np.stack(weights).astype(np.float32))


def probabilities_over_epochs(
    run: Run, image: NDArray | Tensor, progress: Progress = silent
) -> OverEpochs:
    """The class probabilities `(E, classes)` of `image` `(28, 28)`, uint8 or float (0-1).

    A damaged checkpoint is left out. Raises RunError where none can be read.
    """
    x = run.preprocessing(torch.as_tensor(np.asarray(image))[None])
    epochs, rows = [], []
    kept = run.checkpoints()
    for at, epoch in enumerate(kept):
        progress(at / len(kept))
        try:
            model = load_model(run, epoch)
        except RunError:
            continue
        with torch.inference_mode():
            rows.append(model(x)[0].softmax(0).numpy())
        epochs.append(epoch)
    if not epochs:
        raise RunError(f"'{run.name}' has kept no epoch yet.")
    return OverEpochs(np.array(epochs), np.stack(rows))
