"""Many images for a network, prepared batch by batch."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from cnn.common.progress import Progress
from cnn.datasets import Preprocessing

BATCH = 500


def batches(
    images: Tensor, preprocessing: Preprocessing, progress: Progress
) -> Iterator[tuple[int, Tensor]]:
    """The index of each batch's first image, and the batch float32 `(n, 1, 28, 28)`, n <= BATCH.

    `images` uint8 `(N, 28, 28)`.
    """
    for begin in range(0, len(images), BATCH):
        progress(begin / len(images))
        yield begin, preprocessing(images[begin : begin + BATCH])
    progress(1.0)
