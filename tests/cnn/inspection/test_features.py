"""Features of the test set, their layouts, spreads and similarities, against plain formulas."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.manifold import trustworthiness

from cnn.common.progress import Stopped
from cnn.datasets import Preprocessing
from cnn.inspection.features import cka, layer_spreads, penultimate, similarity
from cnn.inspection.projection import PROJECTIONS, pca, project
from cnn.network import Architecture
from cnn.network.layers import Activation, Conv2d, Dropout, Flatten, GlobalAvgPool, MaxPool2d
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
        penultimate(model, PREPROCESSING, IMAGES, stop=lambda: True)


def test_spreads_are_the_plain_statistics_and_name_the_dead() -> None:
    model = build(ARCHITECTURE)
    model[0].weight.data[2].zero_()
    model[0].bias.data[2] = -1.0
    spreads = layer_spreads(model, ARCHITECTURE, PREPROCESSING, IMAGES)
    with torch.no_grad():
        x = PREPROCESSING(IMAGES)
        for spread, module in zip(spreads, model, strict=True):
            x = module(x)
            assert spread.mean == pytest.approx(float(x.double().mean()), abs=1e-5)
            assert spread.std == pytest.approx(float(x.double().std(correction=0)), rel=1e-4)
            assert spread.zero == pytest.approx(float((x == 0).double().mean()))
            assert spread.channels == x.shape[1]
            assert spread.counts.sum() > 0
            assert len(spread.edges) == len(spread.counts) + 1
    assert [s.dead.tolist() for s in spreads] == [[], [2], [2], [2], [2], []]


@settings(max_examples=30, deadline=None)
@given(
    arrays.arrays(np.float32, (12, 5), elements=st.floats(-10, 10, width=32)),
    arrays.arrays(np.float32, (12, 3), elements=st.floats(-10, 10, width=32)),
)
def test_cka_is_symmetric_and_bounded(left: np.ndarray, right: np.ndarray) -> None:
    value = cka(left, right)
    assert 0 <= value <= 1 + 1e-6
    assert value == pytest.approx(cka(right, left), abs=1e-6)
    if left.std(0).max() > 0.1:
        turn = np.linalg.qr(np.random.default_rng(0).normal(size=(5, 5)))[0]
        assert cka(left, left @ turn * 3 + 1) == pytest.approx(1.0, abs=1e-4)


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


def clusters() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 40)
    return (generator.normal(size=(4, 20))[labels] * 6
            + generator.normal(size=(160, 20))).astype(np.float32), labels  # fmt: skip


@pytest.mark.parametrize("name", PROJECTIONS)
@pytest.mark.parametrize("dimensions", [2, 3])
def test_neighbours_stay_neighbours(name: str, dimensions: int) -> None:
    features, labels = clusters()
    layout = project(name, features, dimensions)
    assert layout.points.shape == (160, dimensions)
    assert layout.points.dtype == np.float32
    assert layout.finished
    assert trustworthiness(features, layout.points, n_neighbors=10) > 0.85
    centres = np.stack([layout.points[labels == c].mean(0) for c in range(4)])
    distances = ((layout.points[:, None] - centres) ** 2).sum(2)
    assert (distances.argmin(1) == labels).mean() > 0.95


def test_pca_is_repeatable_and_explains_what_there_is() -> None:
    features = np.zeros((20, 4), np.float32)
    features[:, 1] = np.arange(20)
    layout = pca(features, 3)
    assert layout.explained is not None
    assert layout.explained.tolist() == pytest.approx([1, 0, 0], abs=1e-6)
    assert np.abs(layout.points[:, 0]).max() == pytest.approx(9.5)
    np.testing.assert_array_equal(layout.points, pca(features, 3).points)
    assert not pca(np.ones((20, 1), np.float32), 2).points.any()


def test_a_long_layout_tells_its_progress_and_stops_where_it_stands() -> None:
    features, _ = clusters()
    shares: list[float] = []
    layout = project("t-sne", features, progress=shares.append, stop=lambda: len(shares) >= 3)
    assert len(shares) >= 3
    assert shares == sorted(shares)
    assert not layout.finished
    assert np.isfinite(layout.points).all()


@pytest.mark.parametrize(
    ("name", "features", "dimensions", "problem"),
    [
        ("guess", np.zeros((20, 3)), 2, "no projection"),
        ("pca", np.zeros((20, 3)), 4, "two or three"),
        ("pca", np.zeros((3, 3)), 2, "At least 8"),
        ("t-sne", np.full((20, 3), np.nan), 2, "finite"),
    ],
)
def test_what_cannot_be_laid_out_is_refused(name, features, dimensions, problem) -> None:
    with pytest.raises(ValueError, match=problem):
        project(name, features, dimensions)


def test_flat_networks_have_features_too() -> None:
    architecture = Architecture(layers=(Flatten(),))
    features, _ = penultimate(build(architecture), PREPROCESSING, IMAGES[:10])
    assert features.shape == (10, 784)
