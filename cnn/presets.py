"""Named networks, each with the training settings that suit it.

A preset is data: the Design page, the command line and the tests read this one table.
"""

from __future__ import annotations

from dataclasses import dataclass

from cnn.architecture import Architecture
from cnn.layers import (
    Activation,
    AnyLayer,
    AvgPool2d,
    BatchNorm2d,
    Classifier,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    Linear,
    MaxPool2d,
    ResidualBlock,
)
from cnn.settings import Settings


@dataclass(frozen=True)
class Preset:
    """A network to start from."""

    name: str
    label: str
    about: str
    architecture: Architecture
    settings: Settings


def _relu() -> Activation:
    return Activation(function="relu")


def _conv_block(filters: int) -> tuple[AnyLayer, ...]:
    """conv, batch norm, ReLU, max-pool: the block that Compact CNN repeats."""
    return (
        Conv2d(filters=filters, bias=False),
        BatchNorm2d(),
        _relu(),
        MaxPool2d(),
    )


def _network(*layers: AnyLayer, output: str = "softmax") -> Architecture:
    return Architecture(layers=layers, head=Classifier(output=output))


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "compact",
            "Compact CNN",
            "Three blocks of convolution, batch norm, ReLU and max-pooling. Learns MNIST to 99 % "
            "in one pass over the data: the place to start.",
            _network(*_conv_block(24), *_conv_block(48), *_conv_block(96), Flatten()),
            Settings(epochs=3, batch_size=128, optimizer="adamw", learning_rate=0.01),
        ),
        Preset(
            "strong",
            "Strong CNN",
            "Compact CNN grown up: wider, one convolution more, dropout, gently moved training "
            "images and softened labels. It trains on every image and takes its time.",
            _network(
                *_conv_block(32),
                Conv2d(filters=64, bias=False), BatchNorm2d(), _relu(), *_conv_block(64),
                *_conv_block(128), Flatten(), Dropout(rate=0.2),
            ),
            Settings(
                epochs=15, batch_size=128, optimizer="adamw", learning_rate=0.01,
                label_smoothing=0.05, shift=1.5, rotation=10, scale=10, validation_images=0,
            ),
        ),
        Preset(
            "tutorial",
            "Tutorial: one dense layer",
            "No convolution at all: 784 pixels, straight to ten sigmoid outputs. Its 92.6 % is "
            "what every other network here has to beat.",
            _network(Flatten(), output="sigmoid"),
            Settings(
                epochs=5, batch_size=32, optimizer="adam", learning_rate=0.001,
                schedule="constant", weight_decay=0.0, pixels="0-1", validation_images=0,
            ),
        ),
        Preset(
            "lenet5",
            "LeNet-5",
            "LeCun, Bottou, Bengio and Haffner, 1998: tanh and average pooling, two convolutions "
            "and two fully connected layers. It read cheques for American banks. (Softmax stands "
            "in for the original's radial basis outputs.)",
            _network(
                Conv2d(filters=6, kernel_size=5), Activation(function="tanh"), AvgPool2d(),
                Conv2d(filters=16, kernel_size=5, padding="valid"), Activation(function="tanh"),
                AvgPool2d(), Flatten(),
                Linear(units=120), Activation(function="tanh"),
                Linear(units=84), Activation(function="tanh"),
            ),
            Settings(
                epochs=5, batch_size=64, optimizer="adamw", learning_rate=0.003,
                schedule="cosine",
            ),
        ),
        Preset(
            "classic",
            "Classic MNIST CNN",
            "The network of PyTorch's own MNIST example: two convolutions, one pooling, dropout "
            "and a wide fully connected layer that holds 98 % of its 1.2 million parameters.",
            _network(
                Conv2d(filters=32, padding="valid"), _relu(),
                Conv2d(filters=64, padding="valid"), _relu(),
                MaxPool2d(), Dropout(rate=0.25), Flatten(),
                Linear(units=128), _relu(), Dropout(rate=0.5),
            ),
            Settings(
                epochs=3, batch_size=64, optimizer="adamw", learning_rate=0.002,
                schedule="one-cycle",
            ),
        ),
        Preset(
            "mini-vgg",
            "Mini VGG",
            "Simonyan and Zisserman's idea of 2014, small: only 3×3 convolutions, two between "
            "poolings, twice the filters after each.",
            _network(
                Conv2d(filters=32, bias=False), BatchNorm2d(), _relu(),
                Conv2d(filters=32, bias=False), BatchNorm2d(), _relu(), MaxPool2d(),
                Conv2d(filters=64, bias=False), BatchNorm2d(), _relu(),
                Conv2d(filters=64, bias=False), BatchNorm2d(), _relu(), MaxPool2d(),
                Flatten(), Linear(units=128), _relu(), Dropout(rate=0.3),
            ),
            Settings(epochs=3, batch_size=128, optimizer="adamw", learning_rate=0.005),
        ),
        Preset(
            "mini-resnet",
            "Mini ResNet",
            "He, Zhang, Ren and Sun, 2015, small: three residual blocks, whose way around lets "
            "gradients through, and global average pooling in place of wide Linear layers.",
            _network(
                Conv2d(filters=16, bias=False), BatchNorm2d(), _relu(),
                ResidualBlock(filters=16),
                ResidualBlock(filters=32, stride=2),
                ResidualBlock(filters=64, stride=2),
                GlobalAvgPool(),
            ),
            Settings(epochs=3, batch_size=128, optimizer="adamw", learning_rate=0.01),
        ),
    )
}  # fmt: skip
DEFAULT_PRESET = "compact"
