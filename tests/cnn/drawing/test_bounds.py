"""What no hand draws: refused with a word, or drawn in a moment."""

from __future__ import annotations

import contextlib
import io
import time
import tracemalloc

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from cnn.drawing import DigitError, from_strokes, open_image, split_strokes
from cnn.drawing.pixels import MAX_SIDE
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


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_picture_is_measured_before_it_is_decoded():
    """13,000×13,000 pixels in 60 kB would take 170 MB and more."""
    file = io.BytesIO()
    Image.new("1", (13_000, 13_000)).save(file, "PNG")
    tracemalloc.start()
    with pytest.raises(DigitError, match="13,000×13,000"):
        open_image(file)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_a_large_photograph_comes_out_small():
    file = io.BytesIO()
    Image.new("L", (4000, 3000), 200).save(file, "JPEG")
    assert max(open_image(file).size) <= MAX_SIDE


def test_what_another_program_would_open_is_no_picture():
    with pytest.raises(DigitError, match="not a picture"):
        open_image(io.BytesIO(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF"))


def picture_file(tones, kind="PNG"):
    file = io.BytesIO()
    Image.fromarray(tones).save(file, kind)
    return file


@pytest.mark.parametrize(("dtype", "white"), [("uint16", 65535), ("int32", 70_000), ("float32", 1)])
def test_deeper_tones_than_eight_bits_are_scaled_not_cut_off(dtype, white):
    levels = np.linspace(0, 1, 60).reshape(1, 60).repeat(40, axis=0)
    opened = open_image(picture_file((levels * white).astype(dtype), "TIFF"))
    assert opened.mode == "L"
    np.testing.assert_allclose(np.asarray(opened) / 255, levels, atol=0.005)


@pytest.mark.parametrize("mode", ["1", "LA", "P", "CMYK"])
def test_every_picture_opens_in_a_mode_that_a_page_can_show(mode):
    file = io.BytesIO()
    Image.new(mode, (50, 40)).save(file, "TIFF" if mode == "CMYK" else "PNG")
    opened = open_image(file)
    assert opened.mode in ("L", "RGB", "RGBA") and opened.size == (50, 40)


def test_a_strip_that_no_page_can_show_is_refused():
    for shape in ((3, 20_000), (20_000, 3)):
        with pytest.raises(DigitError, match="too narrow a strip"):
            open_image(picture_file(np.zeros(shape, np.uint8)))


def test_a_damaged_photograph_is_no_picture_whatever_its_decoder_raises():
    pillow_heif.register_heif_opener()
    whole = picture_file(np.full((20, 20, 3), 9, np.uint8), "HEIF").getvalue()
    for at in range(len(whole)):  # some of these are an EOFError, a RuntimeError
        with contextlib.suppress(DigitError):  # and nothing else
            open_image(io.BytesIO(whole[:at] + b"\xff" + whole[at + 1 :]))
