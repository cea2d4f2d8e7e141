import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from cnn import datasets, drawing, recognition
from cnn.drawing.rasteriser import draw
from tests.strokes import SAMPLE_STROKES


def alike(one, other):
    """Correlation of two pictures, blurred so that a fraction of a pixel does not count."""
    a, b = (gaussian_filter(np.asarray(x, float), 1.2) for x in (one, other))
    return float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()))


ZIGZAG = [[(10.0, 10.0), (60.0, 12.0), (20.0, 60.0), (70.0, 90.0)]]


def canvas(strokes, brush, scale=1.0, at=(0.0, 0.0), side=280):
    lines = [np.asarray(s) * scale + at for s in strokes]
    return draw(lines, side, side, brush)


@settings(max_examples=40, deadline=None)
@given(
    size=st.floats(0.02, 500),
    x=st.floats(-1e4, 1e4),
    y=st.floats(-1e4, 1e4),
)
def test_size_and_place_of_strokes_do_not_matter(size, x, y):
    plain = drawing.from_strokes(ZIGZAG).image
    moved = drawing.from_strokes([[(a * size + x, b * size + y) for a, b in ZIGZAG[0]]]).image
    assert np.abs(plain - moved).max() < 0.2
    assert np.abs(plain - moved).mean() < 0.012


@settings(max_examples=30, deadline=None)
@given(
    strokes=st.lists(
        st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), max_size=8), max_size=4
    )
)
def test_any_strokes_give_a_digit_in_the_box_or_a_clear_message(strokes):
    try:
        made = drawing.from_strokes(strokes)
    except drawing.DigitError as error:
        assert not any(strokes) and "nothing was drawn" in str(error)
        return
    image = made.image
    assert image.shape == (28, 28) and image.dtype == np.float32
    assert image.min() >= 0 and 0.3 < image.max() <= 1
    assert max(made.boxed.shape) <= 20


def test_the_longest_side_is_twenty_and_the_mass_is_central():
    for strokes in SAMPLE_STROKES.values():
        made = drawing.from_strokes(strokes)
        assert max(made.boxed.shape) == 20
        rows, columns = np.mgrid[0:28, 0:28] + 0.5
        mass = made.image.sum()
        assert (made.image * rows).sum() / mass == pytest.approx(14, abs=0.15)
        assert (made.image * columns).sum() / mass == pytest.approx(14, abs=0.15)


def test_a_stray_mark_is_left_out_and_a_lone_dot_is_drawn():
    marked = [*ZIGZAG, [(200.0, 10.0), (201.0, 10.0)]]
    assert np.array_equal(drawing.from_strokes(marked).image, drawing.from_strokes(ZIGZAG).image)
    assert drawing.from_strokes([[(3.0, 3.0)]]).image.max() > 0.5


@pytest.mark.parametrize("digit", sorted(SAMPLE_STROKES))
@pytest.mark.parametrize("brush", [2, 4, 6])
def test_fine_pixels_become_what_strokes_become(digit, brush):
    strokes = SAMPLE_STROKES[digit]
    by_stroke = drawing.from_strokes(strokes).image
    by_pixel = drawing.from_pixels(canvas(strokes, brush, 2.0, (30.0, 30.0))).image
    assert alike(by_stroke, by_pixel) > 0.92
    assert by_pixel.sum() == pytest.approx(by_stroke.sum(), rel=0.2)


@pytest.mark.parametrize("digit", sorted(SAMPLE_STROKES))
@pytest.mark.parametrize("brush", [18, 30])
def test_a_thick_brush_stays_thick_in_the_box(digit, brush):
    strokes = SAMPLE_STROKES[digit]
    made = drawing.from_pixels(canvas(strokes, brush, 2.0, (30.0, 30.0)))
    assert max(made.boxed.shape) == 20
    fine = drawing.from_strokes(strokes).image
    assert made.image.sum() > fine.sum() and alike(made.image, fine) > 0.7


def test_a_digit_of_mnist_stays_what_it_is():
    images = datasets.load("mnist-sample").test_images[:60].numpy()
    kept = [alike(drawing.from_image(Image.fromarray(image)).image, image) for image in images]
    assert min(kept) > 0.8
    assert np.mean(np.array(kept) > 0.98) > 0.9


def test_dark_on_light_and_light_on_dark_are_the_same():
    ink = (canvas(ZIGZAG, 12, 2.5, (20.0, 20.0)) * 255).astype(np.uint8)
    light = drawing.from_image(Image.fromarray(ink)).image
    dark = drawing.from_image(Image.fromarray(255 - ink)).image
    assert np.abs(light - dark).max() < 0.1


def photograph(lines: bool) -> Image.Image:
    """A 2 on paper that the light falls on from the left, noisy, ruled if asked."""
    random = np.random.default_rng(0)
    across = np.linspace(0.95, 0.5, 400)
    page = np.tile(across, (400, 1)) + random.normal(0, 0.01, (400, 400))
    if lines:
        for y in range(30, 400, 60):
            page[y : y + 2] -= 0.3
    ink = draw([np.asarray(s) * 2.4 + 80 for s in SAMPLE_STROKES["2"]], 400, 400, 14)
    page = page * (1 - 0.8 * ink)
    return Image.fromarray((np.clip(page, 0, 1) * 255).astype(np.uint8))


@pytest.mark.parametrize("lines", [False, True])
def test_uneven_light_and_ruled_paper_leave_the_digit(lines):
    made = drawing.from_image(photograph(lines)).image
    wanted = drawing.from_strokes(SAMPLE_STROKES["2"]).image
    assert alike(made, wanted) > 0.9
    assert len(recognition.prepare_image(photograph(lines))) == 1  # no line is taken for a digit


def test_transparent_pictures_are_read_by_their_ink():
    picture = Image.new("RGBA", (120, 120), (0, 0, 0, 0))
    ImageDraw.Draw(picture).line([(40, 20), (60, 100)], fill=(0, 0, 0, 255), width=8)
    made = drawing.from_image(picture).image
    assert made.max() > 0.5 and (made > 0.2).any(axis=1).sum() >= 18


@pytest.mark.parametrize("shape", [(50, 50), (0, 5)])
def test_blank_paper_says_so(shape):
    with pytest.raises(drawing.DigitError, match="blank"):
        drawing.from_pixels(np.zeros(shape, np.float32))
    with pytest.raises(drawing.DigitError, match="one tone"):
        drawing.from_image(Image.new("L", (50, 50), 200))


def test_a_file_that_is_no_picture_says_so():
    with pytest.raises(drawing.DigitError, match="not a picture"):
        drawing.open_image(io.BytesIO(b"not a picture"))


def test_merely_resized_when_asked():
    ink = canvas(ZIGZAG, 18)
    image = drawing.from_pixels(ink, centred=False).image
    assert image.shape == (28, 28)
    assert np.flatnonzero((image > 0.1).any(axis=0)).max() < 12  # left where it was drawn


def test_canvas_paths_become_points():
    fabric = {
        "objects": [
            {"type": "path", "path": [["M", 1, 2], ["Q", 3, 4, 5, 6], ["L", 7, 8]]},
            {"type": "rect"},
            "noise",
            {"type": "path", "path": [["M", "x"], None]},
        ]
    }
    strokes = drawing.strokes_from_canvas(fabric)
    assert len(strokes) == 1
    assert strokes[0][0] == (1.0, 2.0) and strokes[0][-1] == (7.0, 8.0)
    assert len(strokes[0]) == 6
    assert drawing.strokes_from_canvas(None) == []
