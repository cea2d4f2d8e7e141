"""Features of the test set, layer statistics and similarities, against plain formulas."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cnn.datasets import Preprocessing
from cnn.inspection.features import layer_statistics, penultimate, similarity
from cnn.network import Architecture
from cnn.network.layers import Activation, Conv2d, Dropout, Flatten, GlobalAvgPool, MaxPool2d
from tests.cnn.inspection.stopping import Stopped, stop
from tests.networks import build

PREPROCESSING = Preprocessing(0.1307, 0.3081)
ARCHITECTURE = Architecture(
    layers=(Conv2d(filters=4), Activation(), MaxPool2d(), Dropout(), GlobalAvgPool())
)
IMAGES = torch.randint(0, 256, (700, 28, 28), generator=torch.Generator().manual_seed(0)).byte()


def test_penultimate_features_are_what_the_classifier_gets() -> None:
    model, shares = build(ARCHITECTURE), []
    features, guesses = penultimate(model, PREPROCESSING, IMAGES, shares.append)
    with torch.no_grad():
        expected = model[:-1](PREPROCESSING(IMAGES))
        np.testing.assert_allclose(features, expected.numpy(), atol=1e-6)
        assert (guesses == model[-1](expected).argmax(1).numpy()).mean() > 0.99
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    with pytest.raises(Stopped):
        penultimate(model, PREPROCESSING, IMAGES, progress=stop)


def test_layer_statistics_have_a_histogram_and_name_the_dead() -> None:
    model = build(ARCHITECTURE)
    model[0].weight.data[2].zero_()
    model[0].bias.data[2] = -1.0
    found = layer_statistics(model, ARCHITECTURE, PREPROCESSING, IMAGES)
    with torch.no_grad():
        x = PREPROCESSING(IMAGES)
        for layer, module in zip(found, model, strict=True):
            x = module(x)
            assert layer.channels == x.shape[1]
            assert layer.counts.sum() > 0
            assert len(layer.edges) == len(layer.counts) + 1
    assert [layer.dead.tolist() for layer in found] == [[], [2], [2], [2], [2], []]


def cka(left: np.ndarray, right: np.ndarray) -> float:
    """Linear CKA of two sets of features of the same images, `(N, p)` and `(N, q)`: 0 to 1."""
    left, right = (f.astype(np.float64) - f.mean(0, dtype=np.float64) for f in (left, right))
    both = np.linalg.norm(left.T @ left) * np.linalg.norm(right.T @ right)
    return float(np.linalg.norm(right.T @ left) ** 2 / both) if both > 0 else 0.0


def test_similarity_of_layers_is_cka_of_their_outputs() -> None:
    model, other = build(ARCHITECTURE), build(ARCHITECTURE, seed=5)
    images = IMAGES[:60]
    table = similarity(model, other, PREPROCESSING, images)
    with torch.no_grad():
        x = PREPROCESSING(images)
        for number in (1, 3, 6):
            for against in (2, 5):
                left = model[:number](x).flatten(1).numpy()
                right = other[:against](x).flatten(1).numpy()
                assert table[number - 1, against - 1] == pytest.approx(cka(left, right), abs=1e-4)
    own = similarity(model, model, PREPROCESSING, images)
    np.testing.assert_allclose(own, own.T, atol=1e-5)
    np.testing.assert_allclose(own.diagonal(), 1.0, atol=1e-4)


def test_flat_networks_have_features_too() -> None:
    architecture = Architecture(layers=(Flatten(),))
    features, _ = penultimate(build(architecture), PREPROCESSING, IMAGES[:10])
    assert features.shape == (10, 784)
