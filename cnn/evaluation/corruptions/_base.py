"""What a corruption is, and moving pixels."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]  # (N, 28, 28) in 0-1, ink bright
Apply = Callable[[Pixels, float, np.random.Generator], Pixels]
SEED = 0
CENTRE = 13.5  # of 28 pixels


@dataclass(frozen=True)
class Corruption:
    """One way to change images, at several levels.

    `levels` in the order of the axis; `clean` is the one that changes nothing (None: every level
    does). `apply(images, level, generator)` maps pixels float32 `(N, 28, 28)` in 0-1 to the like,
    which may be a little out of range; None: the network itself is needed (`robustness.attack`).
    """

    name: str
    label: str
    about: str
    levels: tuple[float, ...]
    apply: Apply | None
    unit: str = ""
    clean: float | None = None

    def changed(self, images: NDArray[np.uint8], level: float) -> NDArray[np.uint8]:
        """The images uint8 `(N, 28, 28)` at a level, in whole grey values. The same images and
        level give the same result, whatever was drawn before. Raises ValueError where the network
        is needed."""
        if self.apply is None:
            raise ValueError(f"{self.label} needs the network.")
        if level == self.clean:
            return images
        generator = np.random.default_rng([SEED, zlib.crc32(f"{self.name} {level:g}".encode())])
        return _to_bytes(self.apply((images / 255).astype(np.float32), level, generator))


def _to_bytes(pixels: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Pixels in 0-1 as whole grey values."""
    return np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)


def warp(images: Pixels, matrix: Sequence[Sequence[float]]) -> Pixels:
    """Images `(N, 28, 28)` whose pixel at (x, y) is read at `matrix` · (x, y, 1), interpolated
    linearly; beyond the image is blank paper. (skimage's `warp`, for all images at once.)"""
    (a1, a2, a3), (b1, b2, b3) = matrix
    rows, columns = np.mgrid[:28, :28].reshape(2, -1)
    x, y = a1 * columns + a2 * rows + a3, b1 * columns + b2 * rows + b3
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    flat = images.reshape(len(images), 28 * 28)
    result = np.zeros_like(flat)
    for down in (0, 1):
        for right in (0, 1):
            r, c = top + down, left + right
            inside = (r >= 0) & (r < 28) & (c >= 0) & (c < 28)
            weight = np.abs(1 - right - (x - left)) * np.abs(1 - down - (y - top)) * inside
            result += flat[:, np.clip(r, 0, 27) * 28 + np.clip(c, 0, 27)] * weight
    return result.reshape(images.shape).astype(np.float32)


def about_centre(a1: float, a2: float, b1: float, b2: float) -> list[list[float]]:
    """A linear map as a matrix for `warp` that leaves the image's centre where it is."""
    return [[a1, a2, CENTRE * (1 - a1 - a2)], [b1, b2, CENTRE * (1 - b1 - b2)]]


def either_way(
    images: Pixels, generator: np.random.Generator, change: Callable[[Pixels, int], Pixels]
) -> Pixels:
    """Each image changed in one of two directions, `change(images, -1 or 1)`, at random."""
    return one_of(images, generator, (-1, 1), change)


def one_of(
    images: Pixels,
    generator: np.random.Generator,
    ways: Sequence,
    change: Callable[[Pixels, Any], Pixels],
) -> Pixels:
    """Each image changed in one of several ways, `change(images, way)`, at random."""
    chosen = generator.integers(0, len(ways), len(images))
    result = np.empty_like(images)
    for number, way in enumerate(ways):
        result[chosen == number] = change(images[chosen == number], way)
    return result
