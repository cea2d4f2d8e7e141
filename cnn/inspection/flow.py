"""Which maps of a layer's input contribute most to each of its output maps, on one image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from cnn.network.layers import Layer

Array = NDArray[np.float32]


def one_to_one(layer: Layer) -> bool:
    """Whether output map `c` of this layer comes from input map `c` alone."""
    mixing = ("conv2d", "residual_block", "flatten", "linear", "classifier")
    return not layer.enabled or layer.kind not in mixing


def chain_ends(layers: tuple[Layer, ...]) -> list[int]:
    """For each layer, the index of the last layer its maps reach one to one.

    A convolution's maps are those of the batch norm, activation and pooling behind it: shown in
    the same order, they form one row.
    """
    ends = [0] * len(layers)
    end = len(layers) - 1
    for index in range(len(layers) - 1, -1, -1):
        ends[index] = end
        if not one_to_one(layers[index]):
            end = index - 1
    return ends


class Contributions:
    """How much each input map of one layer contributes to each output map, on one image.

    `module` is the layer's torch module, `inputs` what it was given: `(C, H, W)` or `(F,)`.
    """

    def __init__(self, layer: Layer, module: nn.Module, inputs: Array):
        self.layer, self.inputs = layer, inputs
        self.matrix: Array | None = None  # (outputs, inputs); None: one to one, or flatten
        power = np.sqrt((inputs.reshape(len(inputs), -1) ** 2).mean(axis=1))
        if not layer.enabled:
            pass
        elif layer.kind == "conv2d":
            weights = _ungrouped(module, len(inputs))
            mean = inputs.mean(axis=(1, 2))
            sign = np.sign(weights.sum(axis=(2, 3)) * mean + 1e-12)
            self.matrix = _norm(weights) * power * sign
        elif layer.kind == "residual_block":
            main = _norm(_array(module.conv2.weight)) @ _norm(_array(module.conv1.weight))
            convs = [m for m in module.shortcut.modules() if isinstance(m, nn.Conv2d)]
            shortcut = (
                _norm(_array(convs[0].weight)) if convs else np.eye(*main.shape, dtype=np.float32)
            )
            self.matrix = (main + shortcut) * power
        elif layer.kind in ("linear", "classifier"):
            self.matrix = _array(module.weight) * inputs

    def of(self, channel: int, most: int = 8) -> list[tuple[int, float]]:
        """The largest contributions to output map or unit `channel`: input numbers and shares.

        A share is signed (negative: it lowers the output) and relative to the largest, in -1 to 1.
        A convolution's is kernel norm times the root mean square of the input map, a Linear
        layer's is weight times input, a residual block's the norms along main path and shortcut.
        """
        if self.layer.kind == "flatten" and self.layer.enabled:
            area = int(np.prod(self.inputs.shape[1:]))
            return [(channel // area, 1.0)]
        if self.matrix is None:
            return [(channel, 1.0)]
        row = self.matrix[channel]
        order = np.argsort(-np.abs(row))[:most]
        peak = float(np.abs(row[order]).max(initial=0.0))
        if peak == 0:
            return []
        return [(int(i), float(row[i] / peak)) for i in order if abs(row[i]) > 0.02 * peak]


def _array(tensor: Tensor) -> Array:
    return tensor.detach().float().cpu().numpy()


def _norm(weights: Array) -> Array:
    """The Euclidean norm of each kernel `(O, I, k, k)`: `(O, I)`."""
    return np.sqrt((weights**2).sum(axis=(2, 3)))


def _ungrouped(conv: nn.Conv2d, channels: int) -> Array:
    """A convolution's kernels on all input maps, `(O, C, k, k)`: zero outside a filter's group."""
    weights = _array(conv.weight)
    count = weights.shape[1]
    if count == channels:
        return weights
    full = np.zeros((len(weights), channels, *weights.shape[2:]), np.float32)
    for output, kernels in enumerate(weights):
        first = output // (conv.out_channels // conv.groups) * count
        full[output, first : first + count] = kernels
    return full
