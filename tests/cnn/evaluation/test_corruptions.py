"""Every corruption: shape, range, seed; and its method against the library or the paper's code."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage import filters, morphology, transform

from cnn import datasets
from cnn.evaluation.corruptions import CORRUPTIONS, CURVES, MNIST_C, _lines, mnist_c
from cnn.evaluation.corruptions._base import about_centre, warp

OF_THE_PAPER = [
    *("shot_noise", "impulse_noise", "glass_blur", "motion_blur", "shear", "scale", "rotate"),
    *("brightness", "translate", "stripe", "fog", "spatter", "dotted_line", "zigzag"),
    "canny_edges",
]
PIXELS = [one for one in CORRUPTIONS.values() if one.apply is not None]


@pytest.fixture(scope="module")
def images():
    return datasets.load("mnist-sample").test_images[:24].numpy()


@pytest.fixture
def ink(images):
    return images.astype(np.float32) / 255


def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def test_the_fifteen_are_the_papers_in_its_order():
    assert [one.name for one in MNIST_C] == OF_THE_PAPER
    assert len(CURVES) == 8 and len(CORRUPTIONS) == 23


@pytest.mark.parametrize("one", PIXELS, ids=lambda one: one.name)
def test_shape_range_and_seed(one, images):
    before = images.copy()
    for level in one.levels:
        made = one.changed(images, level)
        assert made.dtype == np.uint8 and made.shape == images.shape
        if level == one.clean:
            assert (made == images).all()
        else:
            assert (made != images).any(axis=(1, 2)).mean() > 0.9
        np.random.seed(1)  # the global state has no part in it
        assert (one.changed(images, level) == made).all()
    assert (images == before).all()


@pytest.mark.parametrize("one", PIXELS, ids=lambda one: one.name)
def test_of_no_image_comes_none(one, images):
    assert one.changed(images[:0], one.levels[-1]).shape == (0, 28, 28)


def test_fgsm_needs_the_network(images):
    with pytest.raises(ValueError, match="needs the network"):
        CORRUPTIONS["fgsm"].changed(images, 0.1)


@settings(max_examples=25, deadline=None)
@given(st.floats(-1, 1), st.floats(-6, 6), st.floats(0.4, 2))
def test_the_warp_is_scikit_images(angle, moved, factor):
    image = datasets.load("mnist-sample").test_images[0].numpy() / np.float32(255)
    matrix = np.array(about_centre(factor * math.cos(angle), -math.sin(angle), 0.3, factor))
    matrix[0, 2] += moved
    expected = transform.warp(image, np.vstack([matrix, [0, 0, 1]]), order=1)
    np.testing.assert_allclose(warp(image[None], matrix)[0], expected, atol=2e-5)


def test_blur_contrast_and_thickness_against_scikit_image(ink):
    curves = {one.name: one.apply for one in CURVES}
    blurred = curves["blur"](ink, 1.5, generator())
    expected = [filters.gaussian(image, 1.5) for image in ink]
    np.testing.assert_allclose(blurred, expected, atol=1e-4)
    thick = curves["thickness"](ink, 2, generator())
    np.testing.assert_allclose(thick, [morphology.dilation(i, morphology.disk(2)) for i in ink])
    thin = curves["thickness"](ink, -1, generator())
    inner = [morphology.erosion(i, morphology.disk(1))[1:-1, 1:-1] for i in ink]
    np.testing.assert_allclose(thin[:, 1:-1, 1:-1], inner)
    half = curves["contrast"](ink, 0.5, generator())
    np.testing.assert_allclose(half.mean(axis=(1, 2)), ink.mean(axis=(1, 2)), atol=1e-5)
    np.testing.assert_allclose(half.std(axis=(1, 2)), ink.std(axis=(1, 2)) / 2, atol=1e-5)


def test_noises_have_the_spread_that_they_say():
    grey = np.full((20, 28, 28), 0.5, np.float32)
    noisy = CORRUPTIONS["noise"].apply(grey, 0.2, generator())
    assert noisy.std() == pytest.approx(0.2, rel=0.03)
    shot = mnist_c.shot_noise(grey, 3, generator())
    assert shot.mean() == pytest.approx(0.5, rel=0.03)
    assert shot.var() == pytest.approx(0.5 / 3, rel=0.05)
    impulse = mnist_c.impulse_noise(grey, 0.17, generator())
    assert (impulse != 0.5).mean() == pytest.approx(0.17, abs=0.01)
    assert (impulse == 1).mean() == pytest.approx((impulse == 0).mean(), abs=0.01)


def test_brightness_stripe_and_translate_by_hand(ink):
    np.testing.assert_allclose(mnist_c.brightness(ink, 0.5, generator()), ink + 0.5)
    striped = mnist_c.stripe(ink, 7, generator())
    np.testing.assert_array_equal(striped[:, :, 7:21], ink[:, :, 7:21])
    np.testing.assert_allclose(striped[:, :, [0, 6, 21, 27]], 1 - ink[:, :, [0, 6, 21, 27]])
    moved = mnist_c.translate(ink, 3, generator())
    for before, after in zip(ink, moved, strict=True):
        ways = [(r, c) for r in (-3, 3) for c in (-3, 3)]
        assert any(
            np.allclose(ndimage.shift(before, way, order=0), after, atol=1e-6) for way in ways
        )


def test_glass_blur_moves_ink_by_a_pixel_and_loses_none(ink):
    made = mnist_c.glass_blur(ink, 0.7, generator())
    assert made.sum() == pytest.approx(ink.sum(), rel=0.03)
    centre = [ndimage.center_of_mass(image) for image in made]
    before = [ndimage.center_of_mass(image) for image in ink]
    assert np.abs(np.subtract(centre, before)).max() < 2


def test_motion_blur_of_a_point_is_half_a_gaussian_along_a_line():
    point = np.zeros((40, 28, 28), np.float32)
    point[:, 14, 22] = 1
    made = mnist_c.motion_blur(point, 10, generator())
    weights = np.exp(-(np.arange(21.0) ** 2) / 18)
    np.testing.assert_allclose(made[:, 14, 22], (weights / weights.sum())[0], rtol=1e-4)
    assert (made[:, :, 23:] == 0).all()  # one side only
    reach = np.argwhere(made > 0.01)
    assert (np.abs(reach[:, 1] - 14) <= 22 - reach[:, 2] + 1).all()  # at most 45 degrees


def test_fog_pales_the_ink_and_is_another_on_each_image():
    blank = np.zeros((70, 28, 28), np.float32)
    blank[:, 14, 14] = 1
    made = mnist_c.fog(blank, 3, generator())
    assert made.min() >= 0 and made.max() <= 1
    assert len({image.tobytes() for image in made}) == 70
    clouds = mnist_c._plasma(1.4, generator())
    assert clouds.shape == (256, 256) and clouds.min() == 0 and clouds.max() == 1


def test_a_line_is_the_papers_formula():
    drawn = _lines.line(0, 3.0, 27, 20.0, 2.3)
    for row, column in ((3, 0), (12, 14), (10, 12), (25, 3)):
        distance = min(abs(row - (17 / 27 * column + 3)), 2.3 - 1e-10)
        expected = min(max(math.log(1 - distance / 2.3) + 1, 0), 1)
        assert drawn[row, column] == pytest.approx(expected, abs=1e-6)
    assert (drawn[:, 27] == 0).all() and not _lines.line(4, 1, 4, 9, 2.3).any()


def test_dots_are_two_columns_apart_and_zigzags_swing():
    dots = _lines.dotted_lines(2.3)
    assert (dots[..., [0, 1, 4, 5, 24, 25]] == 0).all() and dots[13, 13, 13, 2:4].min() > 0.9
    zigzags = _lines.zigzags(2.3)
    assert zigzags.shape == (27, 10, 28, 28) and zigzags.min() >= 0 and zigzags.max() <= 1
    level = zigzags[14, _lines.SLOPES.index(0)]
    ridge = level[:, 4:22].argmax(0)
    assert ridge.min() <= 12 and ridge.max() >= 16 and (level[:, :2] == 0).all()
