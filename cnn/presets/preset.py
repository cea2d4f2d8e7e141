"""What a preset is, and the few words that presets are written with."""

from __future__ import annotations

from dataclasses import dataclass

from cnn.network import Architecture
from cnn.network.layers import (
    Activation,
    AnyLayer,
    AvgPool2d,
    BatchNorm2d,
    Classifier,
    Conv2d,
    MaxPool2d,
)
from cnn.training import Settings


@dataclass(frozen=True)
class Preset:
    """A network to start from, with the settings that suit it.

    `about` is for the picker, one or two sentences; `history` is a paragraph on where it comes
    from and what was changed; `source` says where to read on.
    """

    name: str
    label: str
    about: str
    architecture: Architecture
    settings: Settings
    history: str = ""
    source: str = ""


def relu() -> Activation:
    """A ReLU."""
    return Activation(function="relu")


def conv_block(filters: int) -> tuple[AnyLayer, ...]:
    """conv, batch norm, ReLU, max-pool: the block that Compact CNN repeats."""
    return (Conv2d(filters=filters, bias=False), BatchNorm2d(), relu(), MaxPool2d())


def separable(filters_in: int, filters: int, stride: int = 1) -> tuple[AnyLayer, ...]:
    """A depthwise 3×3 convolution and a 1×1 that mixes the maps, each with batch norm and ReLU."""
    return (
        Conv2d(filters=filters_in, groups=filters_in, stride=stride, bias=False),
        BatchNorm2d(),
        relu(),
        Conv2d(filters=filters, kernel_size=1, bias=False),
        BatchNorm2d(),
        relu(),
    )


def mlp_conv(filters: int, kernel_size: int) -> tuple[AnyLayer, ...]:
    """A convolution and a 1×1 after it: a small network at every place of the image."""
    return (
        Conv2d(filters=filters, kernel_size=kernel_size, bias=False),
        BatchNorm2d(),
        relu(),
        Conv2d(filters=filters, kernel_size=1),
        relu(),
    )


def network(*layers: AnyLayer, output: str = "softmax") -> Architecture:
    """An architecture of these layers and the classifier."""
    return Architecture(layers=layers, head=Classifier(output=output))


def s_and_c(filters: int) -> tuple[AnyLayer, ...]:
    """The Neocognitron's pair: S cells find features, C cells blur where they were found."""
    return (Conv2d(filters=filters, kernel_size=5), relu(), AvgPool2d(kernel_size=3, stride=2))
