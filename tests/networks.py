"""Random small networks for property tests: any that comes out works."""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from torch import nn

from cnn.network import Architecture
from cnn.network.layers import (
    ACTIVATIONS,
    Activation,
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
    SumPool2d,
)

POOLS = (MaxPool2d, AvgPool2d, SumPool2d)


def _convs() -> st.SearchStrategy:
    return st.builds(
        Conv2d,
        filters=st.sampled_from([2, 4, 6]),
        kernel_size=st.integers(1, 5),
        stride=st.integers(1, 3),
        padding=st.sampled_from(["same", "valid"]),
        dilation=st.integers(1, 3),
        groups=st.sampled_from([1, 1, 2]),
        bias=st.booleans(),
        enabled=st.sampled_from([True] * 6 + [False]),
    )


def _map_layers() -> st.SearchStrategy:
    return st.one_of(
        _convs(),
        _convs(),
        _convs(),
        st.builds(
            ResidualBlock,
            filters=st.sampled_from([2, 4]),
            kernel_size=st.sampled_from([3, 5]),
            stride=st.integers(1, 2),
        ),
        st.sampled_from(POOLS).flatmap(
            lambda pool: st.builds(pool, kernel_size=st.integers(1, 3), stride=st.integers(1, 3))
        ),
        st.just(BatchNorm2d()),
        st.builds(Activation, function=st.sampled_from(sorted(ACTIVATIONS))),
        st.just(Dropout(rate=0.5)),
    )


@st.composite
def architectures(draw: st.DrawFn, most: int = 5) -> Architecture:
    """Up to `most` layers on maps, a way to a flat vector, a hidden Linear layer or none, the
    classifier.

    A layer that cannot work where it is is left out.
    """
    layers: list = []
    for layer in draw(st.lists(_map_layers(), max_size=most)):
        if Architecture(layers=(*layers, layer, Flatten())).problem() is None:
            layers.append(layer)
    layers.append(draw(st.sampled_from([Flatten(), GlobalAvgPool()])))
    if draw(st.booleans()):
        layers += [Linear(units=5, bias=draw(st.booleans())), Activation(function="tanh")]
    output = draw(st.sampled_from(["softmax", "sigmoid"]))
    return Architecture(layers=tuple(layers), head=Classifier(output=output))


def build(architecture: Architecture, seed: int = 0) -> nn.Sequential:
    """The network in evaluation, with batch norms that have something to do."""
    torch.manual_seed(seed)
    model = architecture.build()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.running_mean, module.weight.data, module.bias.data):
                tensor.normal_()
            module.running_var.uniform_(0.2, 2.0)
    return model.eval()
