"""Filters, named and sorted."""

from __future__ import annotations

import numpy as np
import pytest

from cnn.inspection.filters import conv_filters, conv_layers
from cnn.network import Architecture
from cnn.network.layers import Activation, BatchNorm2d, Conv2d, Flatten, Linear, ResidualBlock
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
    )
)


def test_filters_are_named_as_the_checkpoint_names_them_and_sorted_by_norm() -> None:
    model = build(ARCHITECTURE)
    found = conv_filters(model, ARCHITECTURE)
    assert [(f.number, f.path) for f in found] == [
        (1, ""),
        (5, "conv1"),
        (5, "conv2"),
        (5, "shortcut.0"),
    ]
    state = model.state_dict()
    for filters in found:
        np.testing.assert_array_equal(filters.weights, state[filters.tensor].numpy())
        norms = filters.norms[filters.order]
        assert (norms[:-1] >= norms[1:]).all()
        assert (filters.kernel_norms[0] ** 2).sum() == pytest.approx(filters.norms[0] ** 2)
    assert conv_layers(ARCHITECTURE) == [1, 5]
