"""The layer types: each declared once, as one class, in a file of its own.

A class carries its fields with their limits (the page draws sliders and selects from them, JSON is
validated by them), the arithmetic of its output shape, parameters and multiply-adds, the torch
module it builds and the source that makes it. Nothing here imports torch until `module` is called,
so that a page shows shapes before torch is loaded.

A shape is `(channels, height, width)` for maps and `(features,)` for a flat vector, without the
batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Field

from cnn.network.layers._activation import ACTIVATIONS, Activation
from cnn.network.layers._base import (
    Fix,
    Layer,
    LayerError,
    Shape,
    SlidingWindow,
    same_padding,
    show,
)
from cnn.network.layers._conv import Conv2d
from cnn.network.layers._dropout import Dropout
from cnn.network.layers._flatten import Flatten, GlobalAvgPool
from cnn.network.layers._linear import Classifier, Linear
from cnn.network.layers._norm import BatchNorm2d
from cnn.network.layers._pool import AvgPool2d, MaxPool2d, SumPool2d
from cnn.network.layers._residual import ResidualBlock

# What a user may add, in the palette's order. The classifier is not among them: every network has
# one, as its last layer. A new layer type is imported above and named here;
# everything else follows from its class.
HIDDEN_LAYERS: tuple[type[Layer], ...] = (
    Conv2d,
    ResidualBlock,
    MaxPool2d,
    AvgPool2d,
    SumPool2d,
    Activation,
    BatchNorm2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    Linear,
)
# By the name that JSON has for each: "conv2d", "max_pool2d".
LAYER_KINDS: dict[str, type[Layer]] = {
    layer.model_fields["kind"].default: layer for layer in HIDDEN_LAYERS
}

# Any of them, distinguished by `kind`: JSON is validated by this type.
if TYPE_CHECKING:
    AnyLayer = Layer  # a union made from a list is beyond the type checker
else:
    AnyLayer = Annotated[Union[HIDDEN_LAYERS], Field(discriminator="kind")]  # noqa: UP007

__all__ = [
    "ACTIVATIONS",
    "HIDDEN_LAYERS",
    "LAYER_KINDS",
    "Activation",
    "AnyLayer",
    "AvgPool2d",
    "BatchNorm2d",
    "Classifier",
    "Conv2d",
    "Dropout",
    "Fix",
    "Flatten",
    "GlobalAvgPool",
    "Layer",
    "LayerError",
    "Linear",
    "MaxPool2d",
    "ResidualBlock",
    "Shape",
    "SlidingWindow",
    "SumPool2d",
    "same_padding",
    "show",
]
