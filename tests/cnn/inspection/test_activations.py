"""Layer outputs: the network's own, and the strongest and dead maps among them."""

from __future__ import annotations

import numpy as np
import torch

from cnn.inspection.activations import layer_outputs
from cnn.network import Architecture
from cnn.network.layers import (
    Activation,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    ResidualBlock,
)
from tests.networks import build

ARCHITECTURE = Architecture(
    layers=(
        Conv2d(filters=6),
        BatchNorm2d(),
        Activation(),
        Conv2d(filters=4, groups=2, enabled=False),
        ResidualBlock(filters=6, stride=2),
        Flatten(),
        Linear(units=4),
        Dropout(),
        Activation(function="tanh", enabled=False),
        Linear(units=3),
        Activation(function="gelu"),
    )
)


def test_outputs_are_the_networks_and_the_strongest_come_first() -> None:
    model = build(ARCHITECTURE)
    x = torch.randn(1, 1, 28, 28)
    outputs = layer_outputs(model, ARCHITECTURE, x)
    with torch.no_grad():
        for output in outputs:
            x = model[output.number - 1](x)
            np.testing.assert_array_equal(output.values, x[0].numpy())
            strengths = output.strength[output.order]
            assert (strengths[:-1] >= strengths[1:]).all()
            assert output.is_maps == (x.ndim == 4)
    np.testing.assert_array_equal(outputs[3].values, outputs[2].values)  # switched off


def test_dead_maps_are_named() -> None:
    model = build(ARCHITECTURE)
    model[1].weight.data[[1, 4]] = 0
    model[1].bias.data[[1, 4]] = -1
    relu = layer_outputs(model, ARCHITECTURE, torch.randn(1, 1, 28, 28))[2]
    assert np.flatnonzero(relu.dead_maps).tolist() == [1, 4]
    assert relu.dead == 2
    assert (relu.values[1] == 0).all()
