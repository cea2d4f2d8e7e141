"""The lines that MNIST-C draws over images: every line that can come up, drawn once."""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np
from numpy.typing import NDArray

LENGTH = HEIGHT = 2.0  # half a zigzag's wave, and how far it swings
SLOPES = tuple(range(-5, 5))  # by how many rows a zigzag's end may lie below its beginning
LEFT, RIGHT = 2, 25  # a zigzag's first and last column


def line(c0: float, r0: float, c1: float, r1: float, reach: float) -> NDArray[np.float32]:
    """A line from column c0, row r0 to (c1, r1) on `(28, 28)`, bright in its middle; `reach` is
    where it ends above and below, in rows. Nothing where both ends are in one column."""
    if c0 == c1:
        return np.zeros((28, 28), np.float32)
    columns, rows = np.arange(28.0)[None, :], np.arange(28.0)[:, None]
    middle = (r1 - r0) / (c1 - c0) * (columns - c0) + r0
    distance = np.clip(np.abs(rows - middle), 0, reach - 1e-10)
    drawn = np.clip(np.log(1 - distance / reach) + 1, 0, 1)
    drawn[:, : math.floor(c0)] = 0
    drawn[:, math.ceil(c1) :] = 0
    return drawn.astype(np.float32)


@functools.cache
def dotted_lines(reach: float) -> NDArray[np.float32]:
    """Dotted lines `(27, 27, 28, 28)` by the rows in which they begin and end: two columns blank,
    two drawn."""
    drawn = np.array([[line(0, a, 27, b, reach) for b in range(27)] for a in range(27)])
    drawn[..., np.arange(28) % 4 < 2] = 0
    return drawn


@functools.cache
def zigzags(reach: float) -> NDArray[np.float32]:
    """Zigzags `(27, 10, 28, 28)` by the row in which they begin and the place in `SLOPES`."""
    return np.array([[_zigzag(row, slope, reach) for slope in SLOPES] for row in range(27)])


def _zigzag(row: int, slope: int, reach: float) -> NDArray[np.float32]:
    angle = math.atan(slope / (RIGHT - LEFT))
    long = (RIGHT - LEFT) / math.cos(angle)
    count = int((long - LENGTH) // (2 * LENGTH)) + 1
    points = [(0.0, 0.0)]
    points += [((2 * i + 1) * LENGTH, (-1) ** i * HEIGHT) for i in range(count)]
    whole = 2 * LENGTH * (long // (2 * LENGTH))
    if long != whole:  # the last piece, as the authors' code ends it
        points.append((long, points[-1][1] / (2 * (long - whole))))
    cos, sin = math.cos(angle), math.sin(angle)
    turned = [(c * cos - r * sin + LEFT, c * sin + r * cos + row) for c, r in points]
    total = np.zeros((28, 28), np.float32)
    for (c0, r0), (c1, r1) in itertools.pairwise(turned):
        total += line(c0, r0, c1, r1, reach)
    return np.clip(total, 0, 1)
