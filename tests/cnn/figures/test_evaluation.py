"""Figures of the Evaluate page: the numbers that went in are the numbers that are drawn."""

from __future__ import annotations

import re

import numpy as np
import pytest

from cnn import figures
from cnn.figures.colours import CONFUSIONS
from tests.cnn.figures.test_colours import THEMES
from tests.colour_vision import contrast, laid_over

NAMES = ("a", "b", "c")
COUNTS = np.array([[8, 1, 1], [0, 10, 0], [3, 0, 7]])


def texts(figure) -> dict[tuple[str, str], str]:
    """What is written in each cell, by (truth, prediction)."""
    return {
        (y, x): text
        for trace in figure.data
        if trace.type == "scatter" and trace.mode == "text"
        for x, y, text in zip(trace.x, trace.y, trace.text, strict=True)
    }


def test_every_cell_is_written_once_and_can_be_selected_by_its_place():
    figure = figures.confusion_heatmap(COUNTS, NAMES)
    written = texts(figure)
    assert {cell: int(text) for cell, text in written.items()} == {
        (NAMES[i], NAMES[j]): COUNTS[i, j] for i in range(3) for j in range(3)
    }
    cells = next(trace for trace in figure.data if trace.name == "cells")
    for place in range(9):
        truth, guess = divmod(place, 3)
        assert (cells.y[place], cells.x[place]) == (NAMES[truth], NAMES[guess])
        assert cells.customdata[place][0] == COUNTS[truth, guess]
    assert figure.layout.clickmode == "event+select"


def test_per_cent_of_each_row_and_a_dimmed_diagonal():
    written = texts(figures.confusion_heatmap(COUNTS, NAMES, per_cent=True))
    assert written["a", "b"] == "10.0" and written["b", "b"] == "100" and written["b", "a"] == "0"
    colours = np.array(figures.confusion_heatmap(COUNTS, NAMES, dim_diagonal=True).data[0].z)
    assert (np.diag(colours) == 0).all() and colours[2, 0] == colours.max() == 1


@pytest.mark.parametrize("dark", [False, True])
def test_every_number_can_be_read_on_its_cell(dark):
    page = THEMES["dark" if dark else "light"]["backgroundColor"]
    counts = np.zeros((21, 21), int)  # shares of a row from nothing to all of it
    counts[:, 0] = np.arange(0, 1001, 50)
    counts[:, 1] = 1000 - counts[:, 0]
    names = [str(i) for i in range(21)]
    cells, *texts = figures.confusion_heatmap(counts, names, dark=dark).data
    for trace in (trace for trace in texts if trace.mode == "text"):
        for truth, guess in zip(trace.y, trace.x, strict=True):
            strength = cells.z[int(truth)][int(guess)]
            assert contrast(trace.textfont.color, painted(strength, page)) >= 4.4, strength


def painted(strength: float, page: str) -> str:
    """The colour of a cell: the scale's, laid over the page's."""
    scale = [(at, [float(v) for v in re.findall(r"[\d.]+", colour)]) for at, colour in CONFUSIONS]
    red, green, blue, alpha = (
        np.interp(strength, [at for at, _ in scale], [colour[i] for _, colour in scale])
        for i in range(4)
    )
    return laid_over("#" + "".join(f"{round(v):02x}" for v in (red, green, blue)), page, alpha)


def test_one_image_is_one_image():
    cells = next(t for t in figures.confusion_heatmap(COUNTS, NAMES).data if t.name == "cells")
    assert cells.hovertext[1] == "truth a, read as b<br>1 image, 10.00% of a"
    assert cells.hovertext[4] == "truth b, read as b<br>10 images, 100.00% of b"


def test_a_matrix_of_no_mistakes_and_of_no_images():
    for counts in (np.eye(3, dtype=int), np.zeros((3, 3), int)):
        figure = figures.confusion_heatmap(counts, NAMES, dim_diagonal=True)
        assert np.isfinite(np.array(figure.data[0].z)).all()


def test_reliability_leaves_empty_bins_out():
    edges = np.linspace(0, 1, 4)
    curve = (np.array([np.nan, 0.5, 0.9]), np.array([np.nan, 0.4, 0.95]))
    figure = figures.reliability_diagram(edges, np.array([0, 5, 9]), {"as it is": curve})
    drawn = next(trace for trace in figure.data if trace.name == "as it is")
    assert list(drawn.x) == [0.5, 0.9] and list(drawn.y) == [0.4, 0.95]
    assert list(next(t for t in figure.data if t.type == "bar").y) == [0, 5, 9]


def test_coverage_is_thinned_and_keeps_its_ends():
    share = np.arange(1, 5001) / 5000
    figure = figures.coverage_curve(share, 1 - share / 10, 1 - share)
    (trace,) = figure.data
    assert len(trace.x) <= 300 and trace.x[0] == share[0] and trace.x[-1] == 1
    assert trace.y[-1] == pytest.approx(0.9)
    mark = figures.coverage_curve(share, 1 - share / 10, 1 - share, (0.5, 0.95)).data[1]
    assert (mark.x, mark.y) == ((0.5,), (0.95,))


def test_corruptions():
    figure = figures.corruption_curve((1, 0.5, 0.1), (0.9, 0.8, 0.2), "of it", 1)
    assert list(figure.data[0].y) == [0.9, 0.8, 0.2] and list(figure.data[1].x) == [1]
    assert figure.layout.xaxis.autorange == "reversed"
    bars = figures.corruption_bars(["fog", "shear"], [0.3, 0.9], 0.99)
    assert list(bars.data[0].text) == ["30.0%", "90.0%"]
    first, second = bars.data[0].marker.color
    assert first != second


def test_the_losses_of_the_epochs_shade_the_gap_on_a_logarithmic_axis():
    figure = figures.epoch_losses([1, 2, 3], [0.5, 0.2, 0.1], [0.6, None, 0.4], 3)
    area = figure.data[0]
    assert list(area.x) == [1, 3, 3, 1] and list(area.y) == [0.5, 0.1, 0.4, 0.6]
    axis = figure.layout.yaxis
    assert axis.type == "log"
    words = dict(zip(axis.tickvals, axis.ticktext, strict=True))
    assert all(float(word) == pytest.approx(value) for value, word in words.items())
    assert {"0.02", "0.1", "10"} <= set(axis.ticktext)  # not a bare 2
    star = figure.data[-1]
    assert (star.x[0], star.y[0]) == (3, 0.4)
    alone = figures.epoch_losses([1], [0.5], [None], None)
    assert [trace.name for trace in alone.data] == ["training"]
