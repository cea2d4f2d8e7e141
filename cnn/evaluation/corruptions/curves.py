"""The eight corruptions whose strength is an axis: accuracy against each is a curve."""

from __future__ import annotations

import math

import numpy as np

from cnn.evaluation.corruptions._base import (
    Corruption,
    Pixels,
    about_centre,
    either_way,
    one_of,
    warp,
)


def rotate(images: Pixels, degrees: float, generator: np.random.Generator) -> Pixels:
    """Turned about the centre, left or right at random."""

    def turn(some: Pixels, way: int) -> Pixels:
        angle = math.radians(way * degrees)
        cos, sin = math.cos(angle), math.sin(angle)
        return warp(some, about_centre(cos, -sin, sin, cos))

    return either_way(images, generator, turn)


def shift(images: Pixels, pixels: float, generator: np.random.Generator) -> Pixels:
    """Moved left, right, up or down at random."""
    return one_of(
        images,
        generator,
        ((1, 0), (-1, 0), (0, 1), (0, -1)),
        lambda some, way: warp(some, [[1, 0, way[0] * pixels], [0, 1, way[1] * pixels]]),
    )


def scale(images: Pixels, factor: float, generator: np.random.Generator) -> Pixels:
    """Larger (above 1) or smaller, about the centre."""
    return warp(images, about_centre(1 / factor, 0, 0, 1 / factor))


def blur(images: Pixels, sigma: float, generator: np.random.Generator) -> Pixels:
    """Gaussian blur."""
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(images, (0, sigma, sigma), mode="nearest")


def noise(images: Pixels, deviation: float, generator: np.random.Generator) -> Pixels:
    """Gaussian noise on every pixel."""
    return images + generator.normal(0, deviation, images.shape).astype(np.float32)


def contrast(images: Pixels, factor: float, generator: np.random.Generator) -> Pixels:
    """Every pixel drawn towards its image's mean."""
    mean = images.mean(axis=(1, 2), keepdims=True)
    return (images - mean) * factor + mean


def thickness(images: Pixels, pixels: float, generator: np.random.Generator) -> Pixels:
    """Strokes thicker (above 0) or thinner by so many pixels on each side: the largest or smallest
    value in a disc."""
    from scipy.ndimage import maximum_filter, minimum_filter

    radius = abs(pixels)
    reach = math.ceil(radius)
    across = np.arange(-reach, reach + 1)
    disc = np.hypot(*np.meshgrid(across, across)) <= radius
    change = maximum_filter if pixels > 0 else minimum_filter
    return change(images, footprint=disc[None], mode="constant", cval=0.0)


CURVES: tuple[Corruption, ...] = (
    Corruption(
        "rotation",
        "Rotation",
        "Turned about the centre, left or right.",
        (0, 10, 20, 30, 45, 60, 90),
        rotate,
        "degrees",
        clean=0,
    ),
    Corruption(
        "shift",
        "Shift",
        "Moved left, right, up or down.",
        (0, 1, 2, 3, 4, 6, 8),
        shift,
        "pixels",
        clean=0,
    ),
    Corruption(
        "size",
        "Scale",
        "Larger or smaller about the centre.",
        (0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.6),
        scale,
        "times as large",
        clean=1,
    ),
    Corruption(
        "blur",
        "Blur",
        "Gaussian blur.",
        (0, 0.5, 1, 1.5, 2, 2.5, 3),
        blur,
        "pixels (σ)",
        clean=0,
    ),
    Corruption(
        "noise",
        "Noise",
        "Gaussian noise on every pixel, of a standard deviation in parts of the range from black "
        "to white.",
        (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
        noise,
        "of the range (σ)",
        clean=0,
    ),
    Corruption(
        "contrast",
        "Contrast",
        "Every pixel drawn towards its image's mean.",
        (1, 0.8, 0.6, 0.4, 0.2, 0.1, 0.05),
        contrast,
        "of the contrast",
        clean=1,
    ),
    Corruption(
        "thickness",
        "Stroke thickness",
        "Strokes thinner or thicker, by the smallest or largest value in a disc.",
        (-2, -1.5, -1, 0, 1, 1.5, 2, 3),
        thickness,
        "pixels on each side",
        clean=0,
    ),
    Corruption(
        "fgsm",
        "FGSM",
        "Every pixel a step up or down, whichever makes the network's loss grow: the fast gradient "
        "sign method (Goodfellow, Shlens and Szegedy, 2015, arXiv:1412.6572).",
        (0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3),
        None,
        "of the range (ε)",
        clean=0,
    ),
)
