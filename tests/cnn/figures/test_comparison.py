"""Several runs in one figure: what is drawn is what an independent computation says."""

from __future__ import annotations

import numpy as np
import pytest

from cnn.common.smoothing import smooth_by_step
from cnn.figures import (
    bands,
    confusion_difference,
    importances,
    overlay_curves,
    parallel_coordinates,
    sweep_map,
)
from cnn.figures.comparison import MOST_POINTS, Band, Line


def line(count: int, name: str = "A") -> Line:
    steps = np.arange(1, count + 1, dtype=float)
    y = 2 / steps + np.random.default_rng(0).normal(0, 0.05, count) ** 2
    return Line(name, steps / 10, steps, y)


def test_smoothing_comes_from_all_points_before_thinning():
    whole = line(5000)
    figure = overlay_curves([whole], "epoch", "Training loss", smoothing=50)
    raw, smoothed = figure.data
    assert len(raw.x) <= MOST_POINTS and len(smoothed.x) <= MOST_POINTS
    expected = smooth_by_step(whole.steps, whole.y, 50)
    places = [round(10 * x) - 1 for x in smoothed.x]
    np.testing.assert_allclose(smoothed.y, expected[places])
    assert (smoothed.x[0], smoothed.x[-1]) == (whole.x[0], whole.x[-1])


def test_without_smoothing_the_points_are_as_they_are_and_gaps_are_left_out():
    y = np.array([0.5, np.nan, 0.7])
    steps = np.array([1.0, 2.0, 3.0])
    figure = overlay_curves([Line("A", steps, steps, y)], "step", "Accuracy", percent=True)
    assert list(figure.data[0].x) == [1, 3] and list(figure.data[0].y) == [0.5, 0.7]
    log = overlay_curves([line(5)], "step", "Loss", log=True)
    assert log.layout.yaxis.type == "log"
    assert log.layout.uirevision != figure.layout.uirevision


def test_a_band_reaches_from_the_lowest_to_the_highest():
    x, values = np.arange(1.0, 4), np.array([[0.8, 0.9, 0.95], [0.7, 0.92, 0.94]])
    band = Band("A", x, values.mean(axis=0), values.min(axis=0), values.max(axis=0))
    around, mean = bands([band], "epoch", "Accuracy").data
    assert list(around.y) == [*values.max(axis=0), *values.min(axis=0)[::-1]]
    np.testing.assert_allclose(mean.y, values.mean(axis=0))


def test_the_difference_of_confusion_matrices():
    first, second = np.array([[5, 1], [0, 4]]), np.array([[6, 0], [3, 1]])
    (trace,) = confusion_difference(first, second, ["a", "b"]).data
    np.testing.assert_array_equal(trace.customdata, [[1, -1], [3, -3]])
    assert trace.text.tolist() == [["+1", "-1"], ["+3", "-3"]]
    assert (np.sign(trace.z) == np.sign(second - first)).all()


def test_a_sweeps_map_holds_the_best_of_each_combination():
    rates, sizes = [0.1, 0.01, 0.1, 0.1], [32, 32, 64, 64]
    figure = sweep_map(("Rate", rates), ("Batch", sizes), [0.5, 0.9, 0.7, 0.8])
    trace = figure.data[0]
    assert list(trace.x) == ["0.01", "0.1"] and list(trace.y) == ["32", "64"]
    np.testing.assert_array_equal(trace.z, [[0.9, 0.5], [np.nan, 0.8]])
    frame = figure.layout.shapes[0]
    assert (frame.x0, frame.y0) == (-0.5, -0.5)  # around the 0.9


def test_parallel_coordinates_lay_rates_out_by_their_logarithm_and_names_side_by_side():
    settings = [("Rate", [0.001, 0.1], True), ("Optimiser", ["sgd", "adam"], False)]
    rate, optimiser, top = parallel_coordinates(settings, [0.9, 0.8]).data[0].dimensions
    np.testing.assert_allclose(rate["values"], [-3, -1])
    assert list(optimiser.ticktext) == ["adam", "sgd"] and list(optimiser["values"]) == [1, 0]
    assert list(top["values"]) == [0.9, 0.8]
    parallel_coordinates([("Flag", [True, None], False)], [0.5, 0.5])
    sizes = [("Batch size", [64, 128, 64], False), ("Patience", [2, 2, 2], False)]
    size, patience, _ = parallel_coordinates(sizes, [0.7, 0.8, 0.9]).data[0].dimensions
    assert list(size.tickvals) == [64, 128] and list(size["values"]) == [64, 128, 64]
    assert list(patience.ticktext) == ["2"] and patience.range[0] < 2 < patience.range[1]


def test_importances_are_sorted():
    figure = importances(["a", "b"], [0.2, 0.8])
    assert list(figure.data[0].x) == [0.8, 0.2] and list(figure.data[0].y) == ["b", "a"]
    assert figure.data[0].text[0] == "80%"
    assert figure.layout.height == pytest.approx(192)
