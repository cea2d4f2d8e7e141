"""Blocks of layers that presets are made of: each a tuple of layers, in the order of the data."""

from __future__ import annotations

from typing import Literal

from cnn.network import Architecture
from cnn.network.layers import (
    Activation,
    AnyLayer,
    AvgPool2d,
    BatchNorm2d,
    Classifier,
    Conv2d,
    Linear,
    MaxPool2d,
)

Block = tuple[AnyLayer, ...]


def network(*layers: AnyLayer, output: Literal["softmax", "sigmoid"] = "softmax") -> Architecture:
    """An architecture of these layers and the classifier."""
    return Architecture(layers=layers, head=Classifier(output=output))


def conv_relu(
    filters: int, kernel_size: int = 3, padding: Literal["same", "valid"] = "same"
) -> Block:
    """Convolution, ReLU."""
    return (Conv2d(filters=filters, kernel_size=kernel_size, padding=padding), Activation())


def conv_norm_relu(filters: int, kernel_size: int = 3, groups: int = 1, stride: int = 1) -> Block:
    """Convolution without bias, batch norm, ReLU."""
    conv = Conv2d(
        filters=filters, kernel_size=kernel_size, groups=groups, stride=stride, bias=False
    )
    return (conv, BatchNorm2d(), Activation())


def conv_pool(filters: int) -> Block:
    """Convolution, batch norm, ReLU, max-pooling: the block that Compact CNN repeats."""
    return (*conv_norm_relu(filters), MaxPool2d())


def separable(channels: int, filters: int, stride: int = 1) -> Block:
    """A depthwise 3×3 convolution and a 1×1 that mixes the maps, each with batch norm and ReLU."""
    depthwise = conv_norm_relu(channels, groups=channels, stride=stride)
    return (*depthwise, *conv_norm_relu(filters, kernel_size=1))


def mlp_conv(filters: int, kernel_size: int) -> Block:
    """A convolution and a 1×1 after it: a small network at every position of the image."""
    return (*conv_norm_relu(filters, kernel_size), *conv_relu(filters, kernel_size=1))


def s_and_c(filters: int) -> Block:
    """The Neocognitron's pair: S cells find features, C cells average over their positions."""
    return (*conv_relu(filters, kernel_size=5), AvgPool2d(kernel_size=3, stride=2))


def linear_relu(units: int) -> Block:
    """Fully connected layer, ReLU."""
    return (Linear(units=units), Activation())
