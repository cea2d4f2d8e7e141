"""The weights of a network's convolutions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from torch import nn

from cnn.network import Architecture
from cnn.network.layers import Conv2d, Layer, ResidualBlock


@dataclass(frozen=True)
class Filters:
    """One convolution's weights, float32 `(filters, input channels, k, k)`.

    `path` names the convolution inside its layer, as in `Operation.path`: "" for a plain Conv2d.
    With groups the second axis counts the input channels of one group.
    """

    number: int
    layer: Layer
    path: str
    weights: NDArray[np.float32]

    @property
    def tensor(self) -> str:
        """The weights' name in a checkpoint: "0.weight" for layer 1."""
        return ".".join(filter(None, (str(self.number - 1), self.path, "weight")))

    @cached_property
    def norms(self) -> NDArray[np.float32]:
        """Each filter's length as a vector (L2 norm), `(filters,)`."""
        return np.sqrt((self.weights.reshape(len(self.weights), -1) ** 2).sum(axis=1))

    @property
    def order(self) -> NDArray[np.int64]:
        """Filter numbers, the largest norm first."""
        return np.argsort(-self.norms, kind="stable")

    @cached_property
    def kernel_norms(self) -> NDArray[np.float32]:
        """The L2 norm of each filter's kernel on each input channel, `(filters, channels)`."""
        return np.sqrt((self.weights**2).sum(axis=(2, 3)))


def conv_filters(model: nn.Sequential, architecture: Architecture) -> list[Filters]:
    """The weights of every convolution, those inside residual blocks too."""
    found = []
    layers = zip(architecture.all_layers, model, strict=True)
    for number, (layer, module) in enumerate(layers, start=1):
        for path, inner in module.named_modules():
            if isinstance(inner, nn.Conv2d):
                weights = inner.weight.detach().float().cpu().numpy()
                found.append(Filters(number, layer, path, weights))
    return found


def conv_layers(architecture: Architecture) -> list[int]:
    """The numbers of the layers that convolve, in order."""
    return [
        number
        for number, layer in enumerate(architecture.all_layers, start=1)
        if layer.enabled and isinstance(layer, Conv2d | ResidualBlock)
    ]
