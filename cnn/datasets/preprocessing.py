"""What becomes of pixels before the network sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cnn.datasets.catalogue import DATASETS

if TYPE_CHECKING:
    from torch import Tensor


class Preprocessing(NamedTuple):
    """How pixels become the network's input. Travels with a run, so that nothing is ever
    predicted with other numbers than it was trained with. Mean and std of pixels in 0-1."""

    mean: float
    std: float

    def __call__(self, images: Tensor) -> Tensor:
        """uint8 `(N, 28, 28)` (0-255) or float (0-1) to float32 `(N, 1, 28, 28)`, normalised."""
        full = 1.0 if images.is_floating_point() else 255.0
        x = images.float().unsqueeze(1)
        if images.is_floating_point():
            x = x.clone()  # what follows works in place
        return x.sub_(self.mean * full).div_(self.std * full)


def preprocessing_for(dataset: str, normalisation: str) -> Preprocessing:
    """The numbers for a data set under the setting `normalisation`."""
    if normalisation == "0-1":
        return Preprocessing(0.0, 1.0)
    return Preprocessing(DATASETS[dataset].mean, DATASETS[dataset].std)
