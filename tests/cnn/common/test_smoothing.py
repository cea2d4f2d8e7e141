"""A noisy curve made smooth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cnn.common.smoothing import moving_average, smooth, smooth_by_step


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


def test_at_even_steps_it_is_the_moving_average():
    values = np.random.default_rng(0).random(200).tolist()
    weight = 0.9
    found = smooth_by_step(range(200), values, -1 / math.log(weight))
    assert found == pytest.approx(moving_average(values, weight))


def test_how_many_points_there_are_changes_little():
    steps = np.arange(1, 4001)
    trend = 2 * np.exp(-steps / 800)
    noisy = trend + np.random.default_rng(1).normal(0, 0.2, len(steps))
    whole = smooth_by_step(steps, noisy, 100)
    tens, means = steps[9::10], noisy.reshape(-1, 10).mean(axis=1)
    fewer = smooth_by_step(tens, means, 100)
    late = slice(20, None)
    assert np.abs(whole[9::10] - fewer)[late].max() < 0.03
    by_count = np.array(moving_average(means.tolist(), math.exp(-1 / 100)))  # by the point
    assert np.abs(whole[9::10] - by_count)[late].max() > 0.2


def test_a_constant_stays_and_one_value_is_itself():
    assert smooth_by_step([5, 9, 40], [3.0, 3.0, 3.0], 7) == pytest.approx([3.0] * 3)
    assert smooth_by_step([4], [2.5], 1) == [2.5]
    assert not len(smooth_by_step([], [], 1))
