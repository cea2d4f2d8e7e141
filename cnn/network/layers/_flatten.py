"""From maps to a vector: all values, or the mean of each map."""

from __future__ import annotations

import math
from typing import Literal

from cnn.network.layers._base import Layer, Shape
from cnn.network.layers._source import TorchCall


class Flatten(Layer):
    """Lays all maps out as one vector: `(C, H, W)` to `(C·H·W,)`."""

    title = "Flatten"
    group = "Classification"
    icon = ":material/reorder:"
    about = "Lays all maps out as one long vector, for the Linear layers below."
    works_on = "maps"
    kind: Literal["flatten"] = "flatten"

    def _output_shape(self, shape: Shape) -> Shape:
        return (math.prod(shape),)

    def torch_call(self, shape: Shape) -> TorchCall:
        """`nn.Flatten()`."""
        return TorchCall("nn.Flatten")

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        """Channels first before flattening, so that a Linear layer's weights mean the same."""
        if shape[0] == 1 or shape[1:] == (1, 1):
            return ("layers.Flatten()",)
        return ("layers.Permute((3, 1, 2))", "layers.Flatten()")


class GlobalAvgPool(Layer):
    """The mean of each map: `(C, H, W)` to `(C,)` (Lin and others, 2013, arXiv:1312.4400)."""

    title = "GlobalAvgPool"
    group = "Classification"
    icon = ":material/filter_center_focus:"
    about = (
        "One number per map, its mean: the classifier then needs few weights and does not care "
        "where in the image a pattern was."
    )
    works_on = "maps"
    torch_helpers = ("GlobalAvgPool",)
    kind: Literal["global_avg_pool"] = "global_avg_pool"

    def _output_shape(self, shape: Shape) -> Shape:
        return (shape[0],)

    def torch_call(self, shape: Shape) -> TorchCall:
        """`GlobalAvgPool()`, a class that the script defines."""
        return TorchCall("GlobalAvgPool")

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        """`GlobalAveragePooling2D`."""
        return ("layers.GlobalAveragePooling2D()",)
