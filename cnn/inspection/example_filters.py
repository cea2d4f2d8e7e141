"""Filters set by hand, convolution and pooling in plain numpy, and sample strokes: for Learn.

A network learns such filters by itself; these are the ones that textbooks show.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.float32]

FILTERS: dict[str, tuple[str, Array]] = {
    name: (about, np.array(values, np.float32))
    for name, about, values in (
        (
            "Horizontal edges",
            "Bright where paper above turns to ink below; negative where ink turns to paper.",
            [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
        ),
        (
            "Vertical edges",
            "The same filter, turned: it responds to the left and right sides of a stroke.",
            [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
        ),
        (
            "Diagonal edges ╱",
            "Responds to strokes that lean to the right.",
            [[-1, -1, 2], [-1, 2, -1], [2, -1, -1]],
        ),
        (
            "Diagonal edges ╲",
            "Responds to strokes that lean to the left.",
            [[2, -1, -1], [-1, 2, -1], [-1, -1, 2]],
        ),
        (
            "Corners",
            "Responds where ink below and to the right meets paper above and to the left.",
            [[-2, -1, 0], [-1, 1, 1], [0, 1, 1]],
        ),
        (
            "Blur",
            "The mean of the neighbourhood. A filter need not find anything.",
            [[1 / 9] * 3] * 3,
        ),
    )
}

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "None": lambda x: x,
    "ReLU": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": lambda x: (1 / (1 + np.exp(-x))).astype(np.float32),
}

POOLINGS: dict[str, Callable[[Array], Array] | None] = {
    "None": None,
    "Max": lambda w: w.max(axis=(-2, -1)),
    "Average": lambda w: w.mean(axis=(-2, -1)),
    "Sum": lambda w: w.sum(axis=(-2, -1)),
}

# Five digits as pen strokes on a 100×100 sheet, so that the first page needs no data set.
SAMPLE_STROKES: dict[str, list[list[tuple[float, float]]]] = {
    "7": [[(14, 20), (84, 20), (66, 46), (50, 82)]],
    "4": [[(58, 12), (26, 58), (80, 58)], [(62, 38), (60, 90)]],
    "2": [[(26, 30), (34, 17), (52, 12), (68, 20), (70, 36), (54, 56), (26, 84), (78, 84)]],
    "5": [[(72, 14), (34, 14), (30, 46), (52, 42), (70, 54), (70, 74), (52, 88), (28, 80)]],
    "0": [
        [(50, 12), (30, 24), (24, 52), (32, 80), (50, 88), (68, 78), (76, 50), (68, 22), (50, 12)]
    ],
}


def convolve(image: Array, kernel: Array) -> Array:
    """Slide `kernel (k, k)` over `image (H, W)` without padding: `(H-k+1, W-k+1)`.

    As in every deep-learning library the kernel is not flipped (cross-correlation).
    """
    windows = sliding_window_view(image, kernel.shape)
    return np.einsum("ijkl,kl->ij", windows, kernel).astype(np.float32)


def pool(maps: Array, how: str, size: int = 2) -> Array:
    """Pool `(H, W)` in windows of `size` that do not overlap; what does not fill one is dropped."""
    function = POOLINGS[how]
    if function is None:
        return maps
    windows = sliding_window_view(maps, (size, size))[::size, ::size]
    return function(windows).astype(np.float32)
