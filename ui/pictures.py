"""Small images for the page, made sharp: one pixel becomes a block of many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def enlarge(image: NDArray, times: int = 4) -> NDArray[np.uint8]:
    """`(H, W)` uint8 (0-255) or float (0-1) to uint8 with every pixel `times` as large."""
    if image.dtype != np.uint8:
        image = (np.clip(image, 0, 1) * 255).astype(np.uint8)
    return image.repeat(times, axis=0).repeat(times, axis=1)
