"""The steps to 28×28 that drawings made of strokes and of pixels share: crop, box, centre.

Ink is float32 in 0-1: 0 is paper, 1 is full ink.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZE = 28
BOX = 20
# The width of the pen in the 20 px box. Thinner than MNIST's mean stroke on purpose: measured on
# the pen digits (benchmarks/drawn_digits.md, where Pillow drew 1.6 px as wide as this).
PEN_WIDTH = 1.65
MIN_INK = 0.02  # fainter than this is paper

Ink = NDArray[np.float32]
Stroke = Sequence[tuple[float, float]]
Line = NDArray[np.float64]  # a stroke as an array `(points, 2)`


class DigitError(ValueError):
    """A drawing or picture that holds nothing to read; the message says what was found."""


@dataclass(frozen=True)
class Prepared:
    """A digit on its way to the network, one picture per step; `image` is what it sees.

    `drawing`: all of the ink as it came. `cropped`: only the ink. `boxed`: longest side 20 px.
    `image`: 28×28, centre of mass in the middle.
    """

    drawing: Ink
    cropped: Ink
    boxed: Ink
    image: Ink


def crop(ink: Ink, threshold: float) -> Ink:
    """The part of the sheet that holds ink above `threshold`; there must be some."""
    rows = np.flatnonzero((ink > threshold).any(axis=1))
    columns = np.flatnonzero((ink > threshold).any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def square(ink: Ink) -> Ink:
    """The ink in the middle of a square sheet."""
    height, width = ink.shape
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    return np.pad(ink, ((top, side - height - top), (left, side - width - left)))


def resize(ink: Ink, height: int, width: int) -> Ink:
    """The ink at another size, by a filter that averages when shrinking."""
    image = Image.fromarray(ink, mode="F").resize((width, height), Image.Resampling.BILINEAR)
    return np.clip(np.asarray(image, np.float32), 0, 1)


def fit(ink: Ink, box: int) -> Ink:
    """The ink scaled so that its longest side is `box`, its proportions kept."""
    height, width = ink.shape
    scale = box / max(height, width)
    return resize(ink, max(1, round(height * scale)), max(1, round(width * scale)))


def centre(boxed: Ink) -> Ink:
    """A 28×28 sheet with the centre of mass in its middle, to a fraction of a pixel."""
    height, width = boxed.shape
    mass = max(float(boxed.sum()), 1e-9)
    y = float((boxed.sum(axis=1) * (np.arange(height) + 0.5)).sum()) / mass
    x = float((boxed.sum(axis=0) * (np.arange(width) + 0.5)).sum()) / mass
    # Never so far that ink falls off the sheet.
    left = min(max(SIZE / 2 - x, 0.0), SIZE - width)
    top = min(max(SIZE / 2 - y, 0.0), SIZE - height)
    sheet = Image.fromarray(np.pad(boxed, 1), mode="F").transform(
        (SIZE, SIZE),
        Image.Transform.AFFINE,
        (1, 0, 1 - left, 0, 1, 1 - top),
        Image.Resampling.BILINEAR,
    )
    return np.clip(np.asarray(sheet, np.float32), 0, 1)
