"""A noisy curve made smooth."""

from __future__ import annotations

import numpy as np
import pytest

from cnn.common.smoothing import moving_average, smooth


def falling(points: int) -> tuple[np.ndarray, np.ndarray]:
    """A loss as it falls in a training of so many points, and the same with noise."""
    true = 0.05 + 2.2 * np.exp(-6 * np.arange(points) / points)
    return true, true * np.random.default_rng(0).normal(1, 0.15, points)


@pytest.mark.parametrize("points", [40, 120, 600])
def test_it_lies_among_the_points_of_a_falling_curve_and_not_above_them(points):
    _, noisy = falling(points)
    above = np.mean(np.array(smooth(noisy.tolist())) > noisy)
    assert 0.3 < above < 0.7
    # What stood there before: a mean of the last ten points, whatever the length.
    if points <= 40:
        assert np.mean(np.array(moving_average(noisy.tolist(), 0.9)) > noisy) > 0.8


def test_it_is_nearer_to_the_truth_than_the_points_are():
    true, noisy = falling(600)
    assert np.abs(np.array(smooth(noisy.tolist())) - true).mean() < np.abs(noisy - true).mean() / 2


def test_a_level_curve_stays_as_it_is():
    assert smooth([0.5] * 30) == pytest.approx([0.5] * 30)
    assert smooth([]) == []
    assert smooth([2.0]) == [2.0]
