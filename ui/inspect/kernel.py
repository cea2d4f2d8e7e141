"""One kernel's weights as coloured cells that can be written over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ui.shared.components import component, scale_for
from ui.shared.reports import WEIGHT, reported

LARGEST = 1e6  # of a weight that is typed
_kernel = component(Path(__file__).parent, "kernel")


def kernel_editor(
    values: NDArray[np.float32],
    key: str,
    name: str,
    peak: float,
    on_write: Callable[[NDArray[np.float64]], None],
) -> None:
    """Draw a kernel `(k, k)`, its fullest colour at `peak`; `on_write(kernel)` is called with what
    it is once a number was typed. `name` says to screen readers which kernel it is."""

    def written() -> None:
        typed = reported(key, "written", WEIGHT)
        if typed is None or abs(typed.value) > LARGEST:
            return
        if typed.row < values.shape[0] and typed.column < values.shape[1]:
            kernel = values.astype(np.float64)
            kernel[typed.row, typed.column] = typed.value
            on_write(kernel)

    _kernel(
        data={
            "values": np.round(values.astype(float), 6).tolist(),
            "peak": peak,
            "scale": scale_for(True),
            "name": name,
        },
        key=key,
        on_written_change=written,
    )
