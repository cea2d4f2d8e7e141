"""Layouts of features in two and three dimensions: neighbours, progress, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from cnn.inspection.projection import PROJECTIONS, pca, project
from tests.cnn.inspection.stopping import Stopped, stop


def clusters() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 40)
    features = generator.normal(size=(4, 20))[labels] * 6 + generator.normal(size=(160, 20))
    return features.astype(np.float32), labels


def test_the_first_one_shows_clusters() -> None:
    """The page opens with it; PCA shows a quarter of the variance."""
    assert next(iter(PROJECTIONS)) == "t-sne"


@pytest.mark.parametrize("name", PROJECTIONS)
@pytest.mark.parametrize("dimensions", [2, 3])
def test_neighbours_stay_neighbours(name: str, dimensions: int) -> None:
    features, labels = clusters()
    layout = project(name, features, dimensions)
    assert layout.points.shape == (160, dimensions)
    assert layout.points.dtype == np.float32
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


def test_a_long_layout_tells_its_progress_and_can_be_stopped() -> None:
    features, _ = clusters()
    shares: list[float] = []
    layout = project("t-sne", features, progress=shares.append)
    assert len(shares) >= 3
    assert shares == sorted(shares)
    assert np.isfinite(layout.points).all()
    with pytest.raises(Stopped):
        project("t-sne", features, progress=stop)


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
