"""Layer outputs and their statistics, filters and their order, and both through time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cnn import datasets, evaluation, runs
from cnn.common.progress import Stopped
from cnn.inspection import over_epochs
from cnn.inspection.activations import (
    before_and_after,
    conv_filters,
    conv_layers,
    layer_outputs,
    statistics,
    tensor_name,
)
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
from cnn.runs.weights import load_model
from tests.networks import build

ARCHITECTURE = Architecture(
    layers=(
        Conv2d(filters=6), BatchNorm2d(), Activation(), Conv2d(filters=4, groups=2, enabled=False),
        ResidualBlock(filters=6, stride=2), Flatten(), Linear(units=4), Dropout(),
        Activation(function="tanh", enabled=False), Linear(units=3), Activation(function="gelu"),
    )
)  # fmt: skip


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


def test_statistics_of_known_numbers() -> None:
    values = np.array([[0.0, 0.0], [1.0, 3.0]], np.float32)
    found = statistics(values, bins=3)
    assert (found.mean, found.smallest, found.largest, found.zero) == (1.0, 0.0, 3.0, 0.5)
    assert found.std == pytest.approx(values.std())
    assert found.counts.tolist() == [2, 1, 1]
    assert found.edges.tolist() == [0, 1, 2, 3]
    assert statistics(np.zeros(4, np.float32)).counts.sum() == 4


def test_dead_maps_are_named() -> None:
    model = build(ARCHITECTURE)
    model[1].weight.data[[1, 4]] = 0
    model[1].bias.data[[1, 4]] = -1
    relu = layer_outputs(model, ARCHITECTURE, torch.randn(1, 1, 28, 28))[2]
    assert np.flatnonzero(relu.dead_maps).tolist() == [1, 4]
    assert relu.dead == 2
    assert relu.statistics(1).zero == 1.0


def test_before_and_after_the_activation_function() -> None:
    pairs = [before_and_after(ARCHITECTURE, number) for number in range(1, 13)]
    assert pairs[:3] == [(2, 3), (2, 3), (2, 3)]  # conv and batch norm, both before one ReLU
    assert pairs[3:6] == [None, None, None]  # off; a block with its own inside; no weights
    assert pairs[6:9] == [None, None, None]  # the tanh below is off, and then comes a Linear
    assert pairs[9:12] == [(10, 11), (10, 11), None]
    assert before_and_after(Architecture(layers=(Activation(), Flatten())), 1) is None


def test_filters_are_named_as_the_checkpoint_names_them_and_sorted_by_norm() -> None:
    model = build(ARCHITECTURE)
    found = conv_filters(model, ARCHITECTURE)
    assert [(f.number, f.name) for f in found] == [
        (1, ""), (5, "conv1"), (5, "conv2"), (5, "shortcut.0"),
    ]  # fmt: skip
    state = model.state_dict()
    for filters in found:
        np.testing.assert_array_equal(filters.weights, state[filters.tensor].numpy())
        norms = filters.norms[filters.order]
        assert (norms[:-1] >= norms[1:]).all()
        assert (filters.channel_norms(0) ** 2).sum() == pytest.approx(filters.norms[0] ** 2)
    assert tensor_name(2, kind="bias") == "1.bias"
    assert conv_layers(ARCHITECTURE) == [1, 5]


def test_one_filter_through_time_is_the_checkpoints_own(trained: runs.Run) -> None:
    found = over_epochs.filter_through_time(trained, "4.weight", 3)
    assert found.epochs.tolist() == trained.checkpoints()
    assert found.weights.shape == (len(found.epochs), 6, 3, 3)
    for epoch, weights in zip(found.epochs.tolist(), found.weights, strict=True):
        expected = load_model(trained, epoch)[4].weight[3].detach().numpy()
        np.testing.assert_array_equal(weights, expected)
    assert not np.array_equal(found.weights[0], found.weights[-1])


def test_scores_through_time_are_each_epochs_prediction(trained: runs.Run) -> None:
    image = datasets.load(trained.config.dataset).test_images[3]
    shares: list[float] = []
    found = over_epochs.scores_through_time(trained, image, shares.append)
    for epoch, row in zip(found.epochs.tolist(), found.probabilities, strict=True):
        expected = evaluation.predict(trained, image[None], epoch)[0]
        np.testing.assert_allclose(row, expected, atol=1e-6)
    assert shares == sorted(shares)
    with pytest.raises(Stopped):
        over_epochs.scores_through_time(trained, image, stop=lambda: True)


def test_damaged_checkpoints_are_left_out(trained: runs.Run) -> None:
    whole = trained.checkpoints()
    trained.weights_path(whole[0]).write_bytes(b"cut short")
    found = over_epochs.filter_through_time(trained, "0.weight", 0)
    assert found.epochs.tolist() == whole[1:]
    image = datasets.load(trained.config.dataset).test_images[3]
    assert over_epochs.scores_through_time(trained, image).epochs.tolist() == whole[1:]
    for tensor, number in (("9.weight", 0), ("0.weight", 99)):
        with pytest.raises(runs.RunError, match="no epoch"):
            over_epochs.filter_through_time(trained, tensor, number)
    for epoch in whole:
        trained.weights_path(epoch).unlink()
    with pytest.raises(runs.RunError, match="no epoch"):
        over_epochs.scores_through_time(trained, image)
