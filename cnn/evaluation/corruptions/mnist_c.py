"""MNIST-C's fifteen corruptions at the paper's severities.

Mu and Gilmer, 2019, "MNIST-C: a robustness benchmark for computer vision", arXiv:1906.02337. The
methods and the severities are those of the authors' code (github.com/google-research/mnist-c,
`corruptions.py`, the default of each function), written anew for whole arrays of images. Where
that code relies on an old library's peculiarity, it is kept and named.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cnn.evaluation.corruptions._base import Corruption, Pixels, about_centre, either_way, warp
from cnn.evaluation.corruptions._lines import dotted_lines, zigzags
from cnn.evaluation.corruptions.curves import scale

Generator = np.random.Generator
PLASMA = 256  # the side of a plasma map; a power of two
PATCHES = tuple(range(0, PLASMA - 28, 32))  # where on a map an image's fog begins
BLOCK = 500  # images whose paths are followed at once: the memory of it is small


def shot_noise(images: Pixels, photons: float, generator: Generator) -> Pixels:
    """Poisson noise, as of so many photons for a white pixel."""
    return (generator.poisson(images * photons) / photons).astype(np.float32)


def impulse_noise(images: Pixels, share: float, generator: Generator) -> Pixels:
    """Salt and pepper on a share of the pixels."""
    hit = generator.random(images.shape, np.float32) < share
    salt = generator.random(images.shape, np.float32) > 0.5
    return np.where(hit, salt, images).astype(np.float32)


def glass_blur(images: Pixels, sigma: float, generator: Generator) -> Pixels:
    """Blurred, neighbours swapped at random twice over, blurred again.

    As with the authors' versions of scikit-image, which took the columns for colours, the blur goes
    up and down only.
    """
    from scipy.ndimage import gaussian_filter

    def blurred(pixels: Pixels) -> Pixels:
        return gaussian_filter(pixels, (0, sigma, 0), mode="nearest")

    x, every = np.floor(blurred(images) * 255), np.arange(len(images))
    for _ in range(2):
        for row in range(27, 1, -1):
            for column in range(27, 1, -1):
                swaps = generator.random(len(x)) < 0.5
                some = every[swaps]
                up, left = generator.integers(0, 2, (2, len(some)))
                to_row, to_column = row - up, column - left
                here = x[some, row, column]
                x[some, row, column] = x[some, to_row, to_column]
                x[some, to_row, to_column] = here
    return blurred((x / 255).astype(np.float32))


def motion_blur(images: Pixels, radius: float, generator: Generator) -> Pixels:
    """Smeared along a line at an angle of up to 45° either way, as ImageMagick does it: the tail of
    a Gaussian of σ 3 over 2 · `radius` + 1 pixels."""
    steps = np.arange(2 * int(radius) + 1)
    weights = np.exp(-(steps**2) / (2 * 3.0**2))
    weights = (weights / weights.sum()).astype(np.float32)
    angles = np.radians(generator.uniform(-45, 45, len(images)))[:, None]
    across = np.ceil(steps * np.cos(angles) - 0.5).astype(int)
    down = np.ceil(steps * np.sin(angles) - 0.5).astype(int)
    rows, columns = np.mgrid[:28, :28]
    result = np.zeros_like(images)
    for begin in range(0, len(images), BLOCK):
        part = slice(begin, begin + BLOCK)
        one = np.arange(len(images[part]))[:, None, None]
        for step, weight in zip(steps, weights, strict=True):
            r = np.clip(rows + down[part, step, None, None], 0, 27)
            c = np.clip(columns + across[part, step, None, None], 0, 27)
            result[part] += weight * images[part][one, r, c]
    return result


def shear(images: Pixels, angle: float, generator: Generator) -> Pixels:
    """Slanted either way by an angle in radians. As in the scikit-image of that time, rows also
    come closer by its cosine."""
    return either_way(
        images,
        generator,
        lambda some, way: warp(some, about_centre(1, -math.sin(way * angle), 0, math.cos(angle))),
    )


def rotate(images: Pixels, angle: float, generator: Generator) -> Pixels:
    """Turned either way by an angle in radians."""
    cos, sin = math.cos(angle), math.sin(angle)
    return either_way(
        images,
        generator,
        lambda some, way: warp(some, about_centre(cos, -way * sin, way * sin, cos)),
    )


def brightness(images: Pixels, more: float, generator: Generator) -> Pixels:
    """Every pixel brighter."""
    return images + np.float32(more)


def translate(images: Pixels, pixels: float, generator: Generator) -> Pixels:
    """Moved by so many pixels to a side, and as many up or down."""
    return either_way(
        images,
        generator,
        lambda some, across: either_way(
            some,
            generator,
            lambda few, down: warp(few, [[1, 0, across * pixels], [0, 1, down * pixels]]),
        ),
    )


def stripe(images: Pixels, columns: float, generator: Generator) -> Pixels:
    """Black and white exchanged in the outer columns on both sides."""
    wide, result = int(columns), images.copy()
    for part in (np.s_[:, :, :wide], np.s_[:, :, -wide:]):
        result[part] = 1 - result[part]
    return result


def fog(images: Pixels, strength: float, generator: Generator) -> Pixels:
    """Clouds over the whole image (diamond-square plasma), and the ink paler for it.

    The authors draw a map of 256×256 for each image and use a corner of it; here each map's grid of
    64 patches serves as many images.
    """
    result, places = np.empty_like(images), [(r, c) for r in PATCHES for c in PATCHES]
    for begin in range(0, len(images), len(places)):
        plasma = _plasma(1.4, generator)
        some = images[begin : begin + len(places)]
        clouds = np.stack([plasma[r : r + 28, c : c + 28] for r, c in places[: len(some)]])
        largest = some.max(axis=(1, 2), keepdims=True)
        result[begin : begin + len(places)] = (
            (some + strength * clouds) * largest / (largest + strength)
        )
    return result


def _plasma(decay: float, generator: Generator) -> NDArray[np.float32]:
    """A cloudy map `(256, 256)` in 0-1 by the diamond-square algorithm, joined at its edges; the
    random part shrinks by `decay` with each halving of the grid."""
    grid, step, wobble = np.zeros((PLASMA, PLASMA)), PLASMA, 100.0

    def moved(total: NDArray[np.float64]) -> NDArray[np.float64]:
        return total / 4 + wobble * generator.uniform(-wobble, wobble, total.shape)

    while step >= 2:
        half = step // 2
        corners = grid[::step, ::step]
        pairs = corners + np.roll(corners, -1, axis=0)
        grid[half::step, half::step] = moved(pairs + np.roll(pairs, -1, axis=1))
        centres = grid[half::step, half::step]
        ends = corners + np.roll(corners, -1, axis=1)
        grid[::step, half::step] = moved(centres + np.roll(centres, 1, axis=0) + ends)
        ends = corners + np.roll(corners, -1, axis=0)
        grid[half::step, ::step] = moved(centres + np.roll(centres, 1, axis=1) + ends)
        step, wobble = half, wobble / decay
    grid -= grid.min()
    return (grid / grid.max()).astype(np.float32)


def spatter(images: Pixels, threshold: float, generator: Generator) -> Pixels:
    """Drops of grey mud where smoothed noise is above a threshold."""
    from scipy.ndimage import gaussian_filter

    liquid = generator.normal(0.65, 0.3, images.shape).astype(np.float32)
    drops = gaussian_filter(liquid, (0, 1, 1), mode="nearest") > threshold
    mud = gaussian_filter(drops.astype(np.float32), (0, 1.5, 1.5), mode="nearest")
    mud[mud < 0.8] = 0
    return np.clip(images * (1 - mud) + mud * np.float32(63 / 255), 0, 1)


def dotted_line(images: Pixels, reach: float, generator: Generator) -> Pixels:
    """A dotted line from the left edge to the right."""
    ends = generator.integers(0, 27, (2, len(images)))
    return np.clip(images + dotted_lines(reach)[tuple(ends)], 0, 1)


def zigzag(images: Pixels, reach: float, generator: Generator) -> Pixels:
    """A zigzag line from left to right."""
    begins, slopes = generator.integers(0, 27, len(images)), generator.integers(0, 10, len(images))
    return np.clip(images + zigzags(reach)[begins, slopes], 0, 1)


def canny_edges(images: Pixels, sigma: float, generator: Generator) -> Pixels:
    """The edges alone (Canny's detector)."""
    from skimage.feature import canny

    edges = [canny(image, sigma) for image in images]
    return np.array(edges, np.float32).reshape(images.shape)


MNIST_C: tuple[Corruption, ...] = tuple(
    Corruption(name, label, about, (severity,), apply)
    for name, label, about, severity, apply in (
        ("shot_noise", "Shot noise", "Poisson noise of 3 photons a pixel.", 3, shot_noise),
        ("impulse_noise", "Impulse noise", "Salt and pepper on 17%.", 0.17, impulse_noise),
        ("glass_blur", "Glass blur", "Neighbouring pixels swapped at random.", 0.7, glass_blur),
        ("motion_blur", "Motion blur", "Smeared along a line.", 10, motion_blur),
        ("shear", "Shear", "Slanted by 0.4 rad.", 0.4, shear),
        ("scale", "Scale", "At 0.7 of its size.", 0.7, scale),
        ("rotate", "Rotate", "Turned by 0.4 rad (23°).", 0.4, rotate),
        ("brightness", "Brightness", "Half the range brighter.", 0.5, brightness),
        ("translate", "Translate", "Moved by 3 px across and 3 down.", 3, translate),
        ("stripe", "Stripe", "Inverted in 7 columns on each side.", 7, stripe),
        ("fog", "Fog", "Clouds over the image.", 3, fog),
        ("spatter", "Spatter", "Drops of mud.", 0.65, spatter),
        ("dotted_line", "Dotted line", "A dotted line across.", 2.3, dotted_line),
        ("zigzag", "Zigzag", "A zigzag line across.", 2.3, zigzag),
        ("canny_edges", "Canny edges", "The edges alone.", 1, canny_edges),
    )
)
