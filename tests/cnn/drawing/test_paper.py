"""Digits on squared and ruled paper, on a sheet that lies on a desk, in a frame: made pictures."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from cnn import drawing, recognition
from cnn.drawing import paper
from cnn.drawing.rasteriser import draw
from tests.strokes import SAMPLE_STROKES

DIGITS = "274"


def picture(
    across=0, squares=0, line=0.25, width=1, light=(0.95, 0.6), desk=0, tilt=0.0, tone=0.12
):
    """Three digits on 400 × 600 pixels of paper: lines every `across` px, or squares; light that
    falls off from left to right; a dark `desk` of so many pixels around it; all of it tilted."""
    margin = 0 if desk else 80
    height, breadth = 400 + 2 * margin, 600 + 2 * margin
    random = np.random.default_rng(0)
    page = np.tile(np.linspace(*light, breadth), (height, 1))
    lined = np.zeros(page.shape, bool)
    for start in range(width):
        if squares:
            lined[:, squares // 2 + start :: squares] = True
        if across or squares:
            lined[(across or squares) // 2 + start :: across or squares] = True
    page = page - line * lined
    strokes = []
    for place, digit in enumerate(DIGITS):
        middle = np.array([margin + 100 + 200 * place, height / 2])
        strokes += [(np.asarray(s) - 50) * 2 + middle for s in SAMPLE_STROKES[digit]]
    page *= 1 - 0.8 * draw(strokes, height, breadth, 10)
    made = np.pad(page, desk, constant_values=tone)
    turned = Image.fromarray(np.clip(made * 255, 0, 255).astype(np.uint8)).rotate(
        tilt, Image.Resampling.BICUBIC, fillcolor=round(255 * tone)
    )
    if margin:
        turned = turned.crop((margin, margin, breadth - margin, height - margin))
    grey = gaussian_filter(np.asarray(turned, float), 0.6)
    return Image.fromarray(np.clip(grey + random.normal(0, 2.5, grey.shape), 0, 255).astype("u1"))


def alike(one, other):
    """Correlation of two pictures, blurred so that a fraction of a pixel does not count."""
    a, b = (gaussian_filter(np.asarray(x, float), 1.2) for x in (one, other))
    return float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()))


def framed(image, inset=20):
    """With a thick rectangle drawn around the digits."""
    far = (image.width - inset, image.height - inset)
    ImageDraw.Draw(image).rectangle(((inset, inset), far), outline=40, width=6)
    return image


EVEN = (0.97, 0.97)
PICTURES = {
    "squared": {"squares": 24},
    "squared, dark lines": {"squares": 24, "line": 0.45, "width": 2},
    "squared, scanned": {"squares": 24, "light": EVEN, "line": 0.4},
    "squared, tilted": {"squares": 24, "line": 0.35, "tilt": 4},
    "ruled, tilted": {"across": 60, "tilt": -3},
    "desk": {"desk": 40},
    "scanner": {"desk": 12, "light": EVEN, "tone": 0},
    "desk, tilted and squared": {"desk": 40, "squares": 24, "tilt": 3},
}


@pytest.mark.parametrize("name", PICTURES)
def test_only_the_digits_are_left_of_a_page(name):
    found = recognition.prepare_image(picture(**PICTURES[name]))
    assert len(found) == len(DIGITS)
    for digit, one in zip(DIGITS, found, strict=True):
        wanted = drawing.from_strokes(SAMPLE_STROKES[digit]).image
        assert alike(one.image, wanted) > 0.85


def test_a_frame_drawn_around_the_digits_is_no_digit():
    for light in (EVEN, (0.95, 0.6)):
        found = recognition.prepare_image(framed(picture(light=light)))
        assert len(found) == len(DIGITS)


def test_a_dark_field_on_a_light_page_is_a_sheet_too():
    page = Image.new("L", (500, 400), 250)
    field = drawing.from_strokes(SAMPLE_STROKES["2"]).image
    small = Image.fromarray((field * 235 + 15).astype(np.uint8)).resize((280, 280))
    page.paste(small, (110, 60))
    made = drawing.from_image(page).image
    assert alike(made, field) > 0.85


def test_thick_digits_are_no_sheets():
    """A fat 0 and 1 have an outline too, but no paper with marks on it."""
    for digit in ("0", "4"):
        strokes = [np.asarray(s) * 3 for s in SAMPLE_STROKES[digit]]
        ink = draw(strokes, 300, 300, 70)
        assert paper.sheet_in(ink) is None
        assert paper.sheet_in(1 - ink) is None


def test_a_seven_that_lies_along_a_line_keeps_its_bar():
    mask = np.zeros((200, 200), bool)
    mask[100:102] = True
    mask[103:113, 60:140] = True
    left = paper.without_lines(mask, np.ones(mask.shape, bool))
    assert left[105:112, 62:138].all() and not left[:, :50].any()
