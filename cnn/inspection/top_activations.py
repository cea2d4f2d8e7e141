"""The test images and patches that activate a map most (Zeiler and Fergus, 2013,
arXiv:1311.2901)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnn.common.progress import Progress, silent
from cnn.datasets import Preprocessing
from cnn.inspection.batches import batches
from cnn.network import Architecture
from cnn.network.receptive_field import Box, receptive_field


@dataclass(frozen=True)
class TopActivation:
    """One test image: its map's largest value, where that is on the map, and its receptive
    field."""

    index: int
    value: float
    row: int
    column: int
    box: Box


@dataclass(frozen=True)
class TopActivations:
    """For every map of one layer the test images that activate it most, the largest value first.

    `index` int64, `values` float32, `rows` and `columns` int64: all `(channels, count)`. A test
    image occurs at most once in a row, at its largest value.
    """

    architecture: Architecture
    number: int
    index: NDArray[np.int64]
    values: NDArray[np.float32]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]

    def of(self, channel: int) -> list[TopActivation]:
        """The images that activate one map most."""
        columns = (self.index, self.values, self.rows, self.columns)
        return [
            TopActivation(i, v, r, c, receptive_field(self.architecture, self.number, r, c).box)
            for i, v, r, c in zip(*(values[channel].tolist() for values in columns), strict=True)
        ]


def top_activations(
    model: nn.Sequential,
    architecture: Architecture,
    preprocessing: Preprocessing,
    images: Tensor,
    number: int,
    count: int = 9,
    progress: Progress = silent,
) -> TopActivations:
    """The `count` of `images` uint8 `(N, 28, 28)` that activate each map of layer `number` most.

    All maps of the layer in one pass, so that choosing another is free. Raises ValueError for a
    layer that does not exist.
    """
    if not 1 <= number <= len(architecture.all_layers):
        raise ValueError(f"There is no layer {number} in this network.")
    best: list[Tensor] = []
    for begin, x in batches(images, preprocessing, progress):
        with torch.inference_mode():
            values = model[:number](x).float()
        width = values.shape[-1] if values.ndim == 4 else 1
        peak, place = values.reshape(*values.shape[:2], -1).max(dim=2)  # (batch, channels)
        index = torch.arange(begin, begin + len(peak))[:, None].expand_as(place)
        fresh = [peak, index, place // width, place % width]
        merged = [torch.cat(pair) for pair in zip(best, fresh, strict=True)] if best else fresh
        _, order = merged[0].topk(min(count, len(merged[0])), dim=0)
        best = [values.gather(0, order) for values in merged]
    peaks, index, rows, columns = (values.T.contiguous().numpy() for values in best)
    return TopActivations(architecture, number, index, peaks, rows, columns)
