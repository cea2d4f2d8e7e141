"""Smoothing by step: the same curve, however many points were taken of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cnn.common.smoothing import moving_average, smooth_by_step


def test_at_even_steps_it_is_the_moving_average():
    values = np.random.default_rng(0).random(200).tolist()
    weight = 0.9
    found = smooth_by_step(range(200), values, -1 / math.log(weight))
    assert found == pytest.approx(moving_average(values, weight))


def test_how_many_points_there_are_changes_little():
    steps = np.arange(1, 4001)
    trend = 2 * np.exp(-steps / 800)
    noisy = trend + np.random.default_rng(1).normal(0, 0.2, len(steps))
    whole = np.array(smooth_by_step(steps.tolist(), noisy.tolist(), 100))
    tens, means = steps[9::10], noisy.reshape(-1, 10).mean(axis=1)
    fewer = np.array(smooth_by_step(tens.tolist(), means.tolist(), 100))
    late = slice(20, None)
    assert np.abs(whole[9::10] - fewer)[late].max() < 0.03
    # By the point, as it was:
    by_count = np.array(moving_average(means.tolist(), math.exp(-1 / 100)))
    assert np.abs(whole[9::10] - by_count)[late].max() > 0.2


def test_a_constant_stays_and_one_value_is_itself():
    assert smooth_by_step([5, 9, 40], [3.0, 3.0, 3.0], 7) == pytest.approx([3.0] * 3)
    assert smooth_by_step([4], [2.5], 1) == [2.5]
    assert smooth_by_step([], [], 1) == []
