"""Figures of a network's inside hold the numbers that they were given."""

import numpy as np
import pytest

from cnn import figures


def test_a_histogram_counts_every_pixel():
    values = np.random.default_rng(0).normal(size=(14, 14)).astype(np.float32)
    figure = figures.histogram(np.maximum(values, 0), values)
    assert [int(sum(bars.y)) for bars in figure.data] == [196, 196]


def test_a_histogram_of_one_value_is_drawn():
    assert int(sum(figures.histogram(np.zeros((3, 3), np.float32)).data[0].y)) == 9


def test_layer_histograms_name_the_dead_layers():
    counts, edges = np.array([1, 3]), np.array([0.0, 1.0, 2.0])
    figure = figures.layer_histograms(["a", "b"], [counts] * 2, [edges] * 2, [0.0, 0.5])
    titles = [note.text for note in figure.layout.annotations]
    assert titles[0] == "a" and "50% dead" in titles[1]
    assert figure.data[0].customdata.tolist() == pytest.approx([0.25, 0.75])


def test_contributions_keep_their_order_and_signs():
    figure = figures.contributions(["x", "y"], [1.0, -2.0])
    assert list(figure.data[0].y) == ["x", "y"]
    assert figure.data[0].marker.color[0] != figure.data[0].marker.color[1]


def test_a_function_curve_marks_the_value():
    figure = figures.function_curve(lambda x: max(x, 0.0), -1.5)
    assert (figure.data[1].x[0], figure.data[1].y[0]) == (-1.5, 0.0)
