"""The first layer's kernels as they were before training, read without torch: by the server."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from cnn.runs.files import RunFiles


def at_the_start(
    files: RunFiles, now: Sequence[Sequence[Sequence[float]]]
) -> NDArray[np.float32] | None:
    """The initial weights of the first convolution, float32 `(filters, k, k)` of its first input
    map, to set beside `now`, the same of the newest weights; None where they are not kept.
    """
    if not now:
        return None
    count, side = len(now), len(now[0])
    try:
        with safe_open(files.checkpoint(0), framework="numpy") as file:
            for name in sorted(file.keys(), key=_place):
                weights = file.get_slice(name)
                if _is_kernel(weights.get_shape(), count, side):
                    return np.asarray(weights[:count, 0], np.float32)
    except (SafetensorError, OSError):  # not kept, or damaged
        pass
    return None


def _is_kernel(shape: list[int], count: int, side: int) -> bool:
    return len(shape) == 4 and shape[0] >= count and shape[2:] == [side, side]


def _place(name: str) -> list[tuple[int, str]]:
    """By which names sort in the order of the layers: numbers in them by their size."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"\.", name)]
