"""Contributions of input maps, against the arithmetic they stand for."""

import numpy as np
import pytest
import torch

from cnn.inspection.flow import Contributions, chain_ends
from cnn.network import Architecture
from cnn.network.layers import Activation, BatchNorm2d, Conv2d, Flatten, GlobalAvgPool, MaxPool2d

NETWORK = Architecture(
    layers=(
        Conv2d(filters=4),
        BatchNorm2d(),
        Activation(),
        MaxPool2d(),
        Conv2d(filters=3),
        Activation(),
        Flatten(),
    )
)


@pytest.fixture(scope="module")
def built():
    torch.manual_seed(0)
    return NETWORK.build().eval()


def test_maps_of_one_block_share_an_end():
    assert chain_ends(NETWORK.all_layers) == [3, 3, 3, 3, 5, 5, 6, 7]


def test_a_layer_that_is_off_hands_maps_on():
    layers = (Conv2d(filters=4), Conv2d(filters=2, enabled=False), Activation(), GlobalAvgPool())
    assert chain_ends(Architecture(layers=layers).all_layers)[0] == 3


def test_shares_of_a_score_follow_weight_times_input(built):
    inputs = np.random.default_rng(0).normal(size=built[7].in_features).astype(np.float32)
    contributions = Contributions(NETWORK.head, built[7], inputs)
    terms = built[7].weight[2].detach().numpy() * inputs
    found = contributions.of(2, most=5)
    assert [i for i, _ in found] == np.argsort(-np.abs(terms))[:5].tolist()
    expected = terms[[i for i, _ in found]] / np.abs(terms).max()
    assert [s for _, s in found] == pytest.approx(expected.tolist(), rel=1e-5)


def test_an_empty_input_map_contributes_nothing(built):
    inputs = np.ones((4, 14, 14), np.float32)
    inputs[1] = 0
    sources = [i for i, _ in Contributions(NETWORK.layers[4], built[4], inputs).of(0)]
    assert sources and 1 not in sources


def test_with_groups_a_filter_reads_its_own_group():
    layer = Conv2d(filters=4, groups=2)
    torch.manual_seed(1)
    conv = torch.nn.Conv2d(6, 4, 3, groups=2, padding=1)
    contributions = Contributions(layer, conv, np.ones((6, 5, 5), np.float32))
    assert {i for i, _ in contributions.of(0)} <= {0, 1, 2}
    assert {i for i, _ in contributions.of(3)} <= {3, 4, 5}


def test_pooling_and_flatten_lead_back_to_the_map(built):
    maps = np.zeros((3, 14, 14), np.float32)
    assert Contributions(NETWORK.layers[3], built[3], maps).of(2) == [(2, 1.0)]
    assert Contributions(NETWORK.layers[6], built[6], maps).of(14 * 14 + 5) == [(1, 1.0)]
