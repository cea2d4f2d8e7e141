"""Small images for the page, made sharp: one pixel becomes a block of many."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray


def enlarge(image: NDArray, times: int = 4) -> NDArray[np.uint8]:
    """`(H, W)` uint8 (0-255) or float (0-1) to uint8 with every pixel `times` as large."""
    if image.dtype != np.uint8:
        image = (np.clip(image, 0, 1) * 255).astype(np.uint8)
    return image.repeat(times, axis=0).repeat(times, axis=1)


def framed(image: NDArray, flattest: float = 0.1) -> NDArray:
    """`(H, W)` on a blank sheet that is no flatter or narrower than `flattest`: a browser cannot
    show a picture that comes out less than a pixel high."""
    height, width = image.shape
    least = max(1, round(flattest * max(height, width)))
    down, across = max(0, least - height), max(0, least - width)
    return np.pad(image, ((down // 2, down - down // 2), (across // 2, across - across // 2)))


def look_inside(index: int, key: str) -> bool:
    """The small button below test image `index`; whether it was pressed."""
    return st.button(
        f"{index}",
        key=key,
        icon=":material/visibility:",
        type="tertiary",
        help=f"Look inside the network while it reads test image {index}",
    )
