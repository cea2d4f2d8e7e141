"""One map drawn large, whose pixels can be read and clicked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnn.figures.colours import INK
from ui.shared.components import component, scale_for
from ui.shared.reports import PIXEL, reported

_pixels = component(Path(__file__).parent, "pixels")


def pixels(
    values: NDArray[np.float32],
    key: str,
    label: str,
    size: int = 252,
    peak: float | None = None,
    signed: bool | None = None,
    ink: bool = False,
    chosen: tuple[int, int] | None = None,
    box: tuple[int, int, int, int] | None = None,
    on_pick: Callable[[int, int], None] | None = None,
) -> None:
    """Draw `(H, W)` values at most `size` pixels wide, their colour scale below (`ink`: none).

    `chosen` and `box` (row, column, height, width) are outlined; a click calls `on_pick`.
    """
    signed = bool((values < 0).any()) if signed is None else signed

    def picked() -> None:
        found = reported(key, "picked", PIXEL)
        if found and on_pick and found.row < values.shape[0] and found.column < values.shape[1]:
            on_pick(found.row, found.column)

    _pixels(
        data={
            "values": np.round(values.astype(float), 5).tolist(),
            "peak": peak or float(np.abs(values).max()) or 1.0,
            "signed": signed,
            "scale": INK if ink else scale_for(signed),
            "legend": not ink,
            "size": size,
            "label": label,
            "chosen": chosen,
            "box": box,
            "clickable": on_pick is not None,
            "hint": "Click a pixel to see how it was computed." if on_pick else "",
        },
        key=key,
        on_picked_change=picked,
    )
