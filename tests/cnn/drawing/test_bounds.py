"""What no hand draws: refused with a word, or drawn in a moment."""

from __future__ import annotations

import time

import numpy as np
import pytest

from cnn.drawing import DigitError, from_strokes, split_strokes
from cnn.drawing.strokes import MOST_POINTS, MOST_STROKES
from cnn.recognition import prepare_strokes

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("strokes", "words"),
    [
        ([[(1.0, 2.0)] * 1_000_000], "50,000 points"),
        ([[(1.0, 2.0), (3.0, 4.0)]] * 500_000, "500 strokes"),
        ([[(10**400, 2)]], "far too large"),
        ([[(1e300, 2), (-1e300, 2)]], "beyond 1,000,000,000"),
        ([[(float("nan"), float("inf"))]], "no ink"),
    ],
)
def test_what_no_hand_draws_is_refused_at_once(strokes, words):
    began = time.process_time()
    with pytest.raises(DigitError, match=words):
        prepare_strokes(strokes)
    assert time.process_time() - began < 1


def test_the_largest_drawing_is_read():
    points = RANDOM.random((MOST_STROKES, MOST_POINTS // MOST_STROKES, 2)) * 280
    began = time.process_time()
    (found,) = prepare_strokes(points.tolist())
    assert found.image.shape == (28, 28)
    assert time.process_time() - began < 4


def test_four_thousand_random_jumps_are_drawn_in_a_moment():
    jumps = [(RANDOM.random((4000, 2)) * 280).tolist()]
    began = time.process_time()
    from_strokes(jumps)
    from_strokes(jumps, centred=False)
    assert time.process_time() - began < 1  # 3.3 s when every piece was drawn in full


def test_what_does_not_touch_and_what_does():
    """Gaps are measured only between strokes whose boxes come near each other."""
    left, right = [(0.0, 0.0), (0.0, 100.0)], [(60.0, 0.0), (60.0, 100.0)]
    near = [(4.0, 20.0), (30.0, 30.0)]
    assert split_strokes([left, right]) == [[left], [right]]
    assert split_strokes([left, near, right]) == [[left, near], [right]]
