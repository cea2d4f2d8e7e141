"""Many images through a network: prepared batch by batch, with progress and a way to stop."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from cnn.common.progress import Progress, Stop, step
from cnn.datasets import Preprocessing

BATCH = 500


def batches(
    images: Tensor, preprocessing: Preprocessing, progress: Progress | None, stop: Stop | None
) -> Iterator[tuple[int, Tensor]]:
    """The index of each batch's first image, and the batch float32 `(n, 1, 28, 28)`, n <= BATCH.

    `images` uint8 `(N, 28, 28)`. Raises Stopped between two batches.
    """
    for begin in range(0, len(images), BATCH):
        step(begin / len(images), progress, stop)
        yield begin, preprocessing(images[begin : begin + BATCH])
    if progress:
        progress(1.0)
