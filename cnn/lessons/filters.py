"""Filters set by hand, those that textbooks show; a network learns such ones by itself."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Filter(NamedTuple):
    """A name, what it responds to, and its weights, float32 `(k, k)`."""

    name: str
    label: str
    about: str
    weights: NDArray[np.float32]


FILTERS: tuple[Filter, ...] = tuple(
    Filter(name, label, about, np.array(weights, np.float32))
    for name, label, about, weights in (
        (
            "horizontal",
            "Horizontal edge",
            "Positive where dark above turns to bright below, negative where bright turns to dark.",
            [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
        ),
        (
            "vertical",
            "Vertical edge",
            "The same filter, turned: it responds to the left and right sides of a stroke.",
            [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
        ),
        (
            "lying",
            "Horizontal line",
            "Responds to thin horizontal strokes; a slanted one has as much beside it as on it.",
            [[-1, -1, -1], [2, 2, 2], [-1, -1, -1]],
        ),
        (
            "standing",
            "Vertical line",
            "Responds to thin vertical strokes.",
            [[-1, 2, -1], [-1, 2, -1], [-1, 2, -1]],
        ),
        (
            "rising",
            "Slanted ╱",
            "Responds to thin strokes that lean to the right.",
            [[-1, -1, 2], [-1, 2, -1], [2, -1, -1]],
        ),
        (
            "falling",
            "Slanted ╲",
            "Responds to thin strokes that lean to the left.",
            [[2, -1, -1], [-1, 2, -1], [-1, -1, 2]],
        ),
        (
            "blur",
            "Blur",
            "The mean of the neighbourhood. A filter need not find anything.",
            [[1 / 9] * 3] * 3,
        ),
        (
            "sharpen",
            "Sharpen",
            "Five times the pixel less its four neighbours: differences grow.",
            [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
        ),
        (
            "wide",
            "Edge, 5×5",
            "A vertical edge over five columns: a larger window sees more, and costs 25 products.",
            [[-2, -1, 0, 1, 2]] * 5,
        ),
    )
)
