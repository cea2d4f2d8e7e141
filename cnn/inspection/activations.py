"""What happens inside a network on one image: every layer's output, and every filter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn.network import Architecture
from cnn.network.layers import Activation, BatchNorm2d, Conv2d, Layer, Linear, ResidualBlock

BINS = 40


@dataclass(frozen=True)
class Statistics:
    """How values are spread: `counts` int `(bins,)` between `edges` float `(bins + 1,)`."""

    mean: float
    std: float
    smallest: float
    largest: float
    zero: float  # the share that is exactly zero, 0-1
    counts: NDArray[np.int64]
    edges: NDArray[np.float64]


def statistics(values: NDArray[np.float32], bins: int = BINS) -> Statistics:
    """The statistics of an array of any shape with at least one value."""
    flat = np.asarray(values, np.float64).ravel()
    counts, edges = np.histogram(flat, bins)
    return Statistics(
        float(flat.mean()),
        float(flat.std()),
        float(flat.min()),
        float(flat.max()),
        float((flat == 0).mean()),
        counts,
        edges,
    )


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

    def statistics(self, channel: int | None = None) -> Statistics:
        """How the values of one map, or of all of them, are spread."""
        return statistics(self.values if channel is None else self.values[channel])


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


def before_and_after(architecture: Architecture, number: int) -> tuple[int, int] | None:
    """The numbers of the layers whose outputs are layer `number`'s values before and after its
    activation function; None where no activation function belongs to it.

    For an Activation these are what feeds it and itself. For a layer with weights it is the next
    Activation below, before any other layer with weights (batch norm may stand between).
    """
    layers = architecture.all_layers
    layer = layers[number - 1]
    if isinstance(layer, Activation):
        before = number - 1
        return (before, number) if layer.enabled and before >= 1 else None
    if not layer.enabled or not isinstance(layer, Conv2d | Linear | BatchNorm2d):
        return None
    for below in range(number, len(layers)):
        following = layers[below]
        if not following.enabled:
            continue
        if isinstance(following, Activation):
            return (below, below + 1)
        if not isinstance(following, BatchNorm2d):
            return None
    return None


@dataclass(frozen=True)
class Filters:
    """One convolution's weights, float32 `(filters, input channels, k, k)`.

    `name` is the convolution's name inside its layer: "" for a plain Conv2d. With groups the
    second axis counts the input channels of one group.
    """

    number: int
    layer: Layer
    name: str
    weights: NDArray[np.float32]

    @property
    def tensor(self) -> str:
        """The weights' name in a checkpoint."""
        return tensor_name(self.number, self.name)

    @cached_property
    def norms(self) -> NDArray[np.float32]:
        """Each filter's length as a vector (L2 norm), `(filters,)`."""
        return np.sqrt((self.weights.reshape(len(self.weights), -1) ** 2).sum(axis=1))

    @property
    def order(self) -> NDArray[np.int64]:
        """Filter numbers, the largest norm first."""
        return np.argsort(-self.norms, kind="stable")

    def channel_norms(self, filter_number: int) -> NDArray[np.float32]:
        """The L2 norm of one filter's kernel on each input channel, `(input channels,)`."""
        kernels = self.weights[filter_number]
        return np.sqrt((kernels.reshape(len(kernels), -1) ** 2).sum(axis=1))


def tensor_name(number: int, part: str = "", kind: str = "weight") -> str:
    """A layer's tensor in the model's state: layer 1's weight is "0.weight"."""
    return ".".join(word for word in (str(number - 1), part, kind) if word)


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


def conv_layers(architecture: Architecture) -> list[int]:
    """The numbers of the layers that convolve, in order."""
    return [
        number
        for number, layer in enumerate(architecture.all_layers, start=1)
        if layer.enabled and isinstance(layer, Conv2d | ResidualBlock)
    ]
