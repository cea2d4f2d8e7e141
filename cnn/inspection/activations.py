"""Every layer's output for one image."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnn.network import Architecture
from cnn.network.layers import Layer


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

    @cached_property
    def dead_maps(self) -> NDArray[np.bool_]:
        """Which maps (or features) are zero everywhere on this image, bool `(C,)`."""
        flat = self.values.reshape(len(self.values), -1)
        return (flat == 0).all(axis=1)

    @property
    def dead(self) -> int:
        """How many maps (or features) are zero everywhere on this image."""
        return int(self.dead_maps.sum())

    @cached_property
    def strength(self) -> NDArray[np.float32]:
        """Each map's mean absolute value, `(C,)`."""
        return np.abs(self.values.reshape(len(self.values), -1)).mean(axis=1)

    @property
    def order(self) -> NDArray[np.int64]:
        """Map numbers, the strongest on this image first."""
        return np.argsort(-self.strength, kind="stable")


def layer_outputs(model: nn.Sequential, architecture: Architecture, x: Tensor) -> list[LayerOutput]:
    """Run one prepared image, float32 `(1, 1, 28, 28)`, through `model`, layer by layer."""
    outputs = []
    with torch.inference_mode():
        layers = zip(architecture.all_layers, model, strict=True)
        for number, (layer, module) in enumerate(layers, start=1):
            x = module(x)
            outputs.append(LayerOutput(number, layer, x[0].float().cpu().numpy()))
    return outputs
