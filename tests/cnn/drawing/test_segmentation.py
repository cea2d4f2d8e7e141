import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn.drawing import split_pixels, split_strokes
from cnn.drawing.rasteriser import draw
from tests.strokes import SAMPLE_STROKES


def number(digits, gap=25.0, size=1.0, top=0.0):
    """Sample digits side by side, as strokes, and each one's own strokes."""
    x, parts = 0.0, []
    for digit in digits:
        lines = [np.asarray(s, float) * size for s in SAMPLE_STROKES[digit]]
        points = np.concatenate(lines)
        low = points.min(axis=0)
        parts.append([[tuple(p) for p in line - [low[0] - x, low[1] - top]] for line in lines])
        x += float(np.ptp(points[:, 0])) + gap * size
    return [stroke for part in parts for stroke in part], parts


known = sorted(SAMPLE_STROKES)


@settings(max_examples=30, deadline=None)
@given(digits=st.lists(st.sampled_from(known), min_size=1, max_size=5), size=st.floats(0.1, 20))
def test_numbers_are_taken_apart_in_reading_order(digits, size):
    strokes, parts = number(digits, size=size)
    assert split_strokes(strokes) == parts


def test_the_order_of_writing_does_not_matter():
    strokes, parts = number(known)
    found = split_strokes(strokes[::-1])
    assert [sorted(map(tuple, g)) for g in found] == [sorted(map(tuple, p)) for p in parts]


def test_lines_are_read_from_top_to_bottom():
    upper, first = number(known[:2])
    lower, second = number(known[2:4], top=250.0)
    assert split_strokes(lower + upper) == first + second


def test_strokes_that_cross_or_stand_above_belong_together():
    plus = [[(0, 50), (60, 50)], [(30, 0), (30, 100)]]
    hat = [[(10, 0), (50, 0)], [(12, 8), (10, 50), (50, 60), (10, 100)]]
    assert split_strokes(plus) == [plus]
    assert split_strokes(hat) == [hat]


def test_a_stray_mark_is_no_digit_of_its_own():
    strokes, _ = number(known[:2])
    found = split_strokes([*strokes, [(300.0, 50.0), (301.0, 50.0)]])
    assert len(found) == 2


@pytest.mark.parametrize("strokes", [[], [[]], [[(float("nan"), 1.0)]]])
def test_nothing_drawn_gives_no_digits(strokes):
    assert split_strokes(strokes) == []


def test_a_dot_is_one():
    assert split_strokes([[(5.0, 5.0)]]) == [[[(5.0, 5.0)]]]


@pytest.mark.parametrize("brush", [4.0, 9.0])
def test_ink_is_taken_apart_and_none_is_lost(brush):
    strokes, _ = number(known[:4], gap=30)
    lines = [np.asarray(s) + 20 for s in strokes]
    width = int(max(line[:, 0].max() for line in lines)) + 20
    ink = draw(lines, 150, width, brush)
    found = split_pixels(ink)
    assert len(found) == 4
    assert all(part.dtype == np.float32 for part in found)
    assert sum(float(p.sum()) for p in found) == pytest.approx(float(ink.sum()), rel=0.01)


def test_blank_paper_holds_no_ink():
    assert split_pixels(np.zeros((20, 20), np.float32)) == []


def test_a_texture_is_taken_as_one():
    noise = (np.random.default_rng(0).random((100, 100)) > 0.9).astype(np.float32)
    assert len(split_pixels(noise)) == 1
