"""A network with a filter set by hand: what was typed in the lesson goes into its first layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnn import runs
from cnn.lessons.material import COMPACT, MaterialError, example
from cnn.network import Architecture
from cnn.network.layers import Conv2d
from cnn.presets import DEFAULT_PRESET, PRESETS

NAME = "Compact CNN with my filter"


def with_window(side: int, stride: int, padding: int, dilation: int) -> Architecture:
    """Compact CNN with such a window in its first layer; any `padding` above 0 keeps the size."""
    architecture = PRESETS[DEFAULT_PRESET].architecture
    first, *rest = architecture.layers
    assert isinstance(first, Conv2d)
    mine = first.changed(
        kernel_size=side,
        stride=stride,
        dilation=dilation,
        padding="same" if padding and stride == 1 else "valid",
    )
    return architecture.changed(layers=(mine, *rest))


def run_with(kernel: NDArray[np.floating]) -> runs.Run:
    """A new run of the trained Compact CNN whose filter 0 of layer 1 has the weights `kernel`,
    3×3; all others stay as trained. Raises RunError, SurgeryError and MaterialError."""
    from cnn.inspection import surgery  # with torch

    if kernel.shape != (3, 3):
        raise MaterialError(
            "The filters of the trained network have nine weights. Choose a filter of nine, or "
            "build the layer on Design and train it."
        )
    edit = surgery.SetKernel(1, 0, 0, surgery.kernel(kernel))
    return surgery.keep(example(COMPACT), None, [edit], NAME)
