"""One small network and random images, for what looks through many images."""

from __future__ import annotations

import torch

from cnn.datasets import Preprocessing
from cnn.network import Architecture
from cnn.network.layers import Activation, Conv2d, Flatten, Linear, MaxPool2d

PREPROCESSING = Preprocessing(0.1307, 0.3081)
ARCHITECTURE = Architecture(
    layers=(
        Conv2d(filters=3),
        Activation(function="tanh"),
        MaxPool2d(),
        Conv2d(filters=4),
        Flatten(),
        Linear(units=5),
    )
)
IMAGES = torch.randint(0, 256, (1100, 28, 28), generator=torch.Generator().manual_seed(0)).byte()
