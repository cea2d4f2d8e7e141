"""What happens inside a network on one image: every layer's output, and every filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn.architecture import Architecture
from cnn.layers import Layer


@dataclass(frozen=True)
class LayerOutput:
    """One layer's output for one image: float32 `(C, H, W)` maps or a `(features,)` vector."""

    number: int
    layer: Layer
    values: NDArray[np.float32]

    @property
    def is_maps(self) -> bool:
        """Whether it is maps rather than a flat vector."""
        return self.values.ndim == 3

    @property
    def signed(self) -> bool:
        """Whether any value is below zero."""
        return bool((self.values < 0).any())

    @property
    def dead(self) -> int:
        """How many maps (or features) are zero everywhere on this image."""
        flat = self.values.reshape(len(self.values), -1)
        return int((flat == 0).all(axis=1).sum())


@dataclass(frozen=True)
class Filters:
    """One convolution's weights, float32 `(filters, input channels, k, k)`."""

    number: int
    layer: Layer
    name: str
    weights: NDArray[np.float32]


def layer_outputs(model: Any, architecture: Architecture, x: Any) -> list[LayerOutput]:
    """Run one prepared image, float32 `(1, 1, 28, 28)`, through `model`, layer by layer."""
    import torch

    outputs = []
    with torch.inference_mode():
        for number, (layer, module) in enumerate(
            zip(architecture.all_layers, model, strict=True), start=1
        ):
            x = module(x)
            outputs.append(LayerOutput(number, layer, x[0].float().cpu().numpy()))
    return outputs


def conv_filters(model: Any, architecture: Architecture) -> list[Filters]:
    """The weights of every convolution, those inside residual blocks too."""
    from torch import nn

    found = []
    for number, (layer, module) in enumerate(
        zip(architecture.all_layers, model, strict=True), start=1
    ):
        for name, inner in module.named_modules():
            if isinstance(inner, nn.Conv2d):
                weights = inner.weight.detach().float().cpu().numpy()
                found.append(Filters(number, layer, name, weights))
    return found
