"""The pen against the plain formula, pixel by pixel and piece by piece; curves through points."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn.drawing import rasteriser
from cnn.drawing.rasteriser import curve, draw, draw_boxed

POINT = st.tuples(st.floats(-10, 40), st.floats(-10, 40))
LINES = st.lists(st.lists(POINT, min_size=1, max_size=6), min_size=1, max_size=4)


def plain(lines, height, width, pen):
    """Every pixel against every piece, nothing left out."""
    ink = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            here = np.array([x + 0.5, y + 0.5])
            for line in lines:
                for a, b in zip(line, line[1:] if len(line) > 1 else line, strict=False):
                    along = b - a
                    t = np.clip((here - a) @ along / max(along @ along, 1e-12), 0, 1)
                    distance = np.hypot(*(here - a - t * along))
                    ink[y, x] = max(ink[y, x], np.clip(pen / 2 + 0.5 - distance, 0, min(1, pen)))
    return ink


@settings(max_examples=25, deadline=None)
@given(LINES, st.floats(0.3, 12))
def test_only_what_leaves_no_ink_is_skipped(lines, pen):
    lines = [np.array(line) for line in lines]
    np.testing.assert_allclose(draw(lines, 12, 17, pen), plain(lines, 12, 17, pen), atol=1e-5)


def test_many_points_are_thinned_and_both_ends_stay(monkeypatch):
    spiral = np.linspace(0, 12, 900)
    line = 30 + 2 * np.stack([spiral * np.cos(spiral), spiral * np.sin(spiral)], axis=1)
    whole = draw([line], 60, 60, 3.0)
    monkeypatch.setattr(rasteriser, "MAX_POINTS", 300)
    assert np.abs(draw([line], 60, 60, 3.0) - whole).max() < 0.2


@pytest.mark.parametrize("pen", [1.0, 1.6, 4.0])
def test_the_longest_side_is_twenty_pen_included(pen):
    tall = [np.array([[3.0, 0.0], [5.0, 700.0]])]
    assert draw_boxed(tall, pen).shape[0] == 20
    assert draw_boxed([line[:, ::-1] for line in tall], pen).shape[1] == 20


def test_a_curve_passes_through_its_points():
    points = np.random.default_rng(0).random((5, 2))
    smooth = curve(points, steps=4)
    assert len(smooth) == 17
    np.testing.assert_allclose(smooth[::4], points)
    assert np.array_equal(curve(points[:2]), points[:2])
