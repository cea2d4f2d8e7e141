"""Preprocessing: from the pixels of an image to the network's input."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cnn.datasets.catalogue import DATASETS

if TYPE_CHECKING:
    from torch import Tensor


class Preprocessing(NamedTuple):
    """Normalisation by mean and standard deviation, of pixels in 0-1.

    It is saved with a run, so that a network always predicts with the values it was trained with.
    """

    mean: float
    std: float

    def __call__(self, images: Tensor) -> Tensor:
        """uint8 `(N, 28, 28)` (0-255) or float (0-1) to float32 `(N, 1, 28, 28)`, normalised."""
        full = 1.0 if images.is_floating_point() else 255.0
        x = images.float().unsqueeze(1)
        if images.is_floating_point():
            x = x.clone()  # since the next line works in place
        return x.sub_(self.mean * full).div_(self.std * full)


def preprocessing_for(dataset: str, normalisation: str) -> Preprocessing:
    """The mean and standard deviation for a data set under the setting `normalisation`."""
    if normalisation == "0-1":
        return Preprocessing(0.0, 1.0)
    return Preprocessing(DATASETS[dataset].mean, DATASETS[dataset].std)
