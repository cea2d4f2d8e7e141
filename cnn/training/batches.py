"""Training images as batches: the whole set lies on the device, a batch is a slice of it.

No DataLoader, and no Python per image: some thousand images at a time are gathered in the epoch's
order and normalised in one operation, and the batches are views of that chunk.
"""

from __future__ import annotations

import torch
from torch import Tensor

from cnn.datasets import Preprocessing

CHUNK_IMAGES = 1024  # 3 MB of float32: amortises the gather, stays in the processor's cache


class Batches:
    """One process's share of the training images, batch by batch.

    The order is a function of `seed` and epoch alone. With several processes each takes an equal
    part of every batch, so that N of them at batch B/N see what one sees at batch B.
    """

    def __init__(
        self,
        images: Tensor,
        labels: Tensor,
        preprocessing: Preprocessing,
        batch_size: int,
        seed: int,
        rank: int = 0,
        processes: int = 1,
    ):
        self.images, self.labels, self.preprocessing = images, labels, preprocessing
        self.seed, self.rank, self.processes = seed, rank, processes
        self.size = batch_size // processes  # of this process's part
        mine = len(self._share(torch.arange(len(images))))
        # A last batch of a single image is left out: it has no variance for batch norm to measure.
        full, rest = divmod(mine, self.size)
        self.steps = full + (rest > 1) if full else 1
        self._order = torch.empty(0, dtype=torch.long)
        self._chunk = -1

    def begin(self, epoch: int) -> None:
        """Shuffle for this epoch (counted from 0)."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
        order = torch.randperm(len(self.images), generator=generator)
        self._order = self._share(order).to(self.images.device)
        self._chunk = -1

    def take(self, batch: int) -> tuple[Tensor, Tensor]:
        """Batch number `batch` of the epoch: float32 `(n, 1, 28, 28)`, normalised; int64 `(n,)`."""
        width = max(1, CHUNK_IMAGES // self.size)
        chunk, place = divmod(batch, width)
        if chunk != self._chunk:
            begin = chunk * width * self.size
            index = self._order[begin : begin + width * self.size]
            # index_select: on the CPU three times as fast as indexing, and the same.
            self._x = self.preprocessing(self.images.index_select(0, index))
            self._y = self.labels.index_select(0, index)
            self._chunk = chunk
        begin = place * self.size
        return self._x[begin : begin + self.size], self._y[begin : begin + self.size]

    def _share(self, order: Tensor) -> Tensor:
        """This process's part of an order, in equal slices of every batch."""
        if self.processes == 1:
            return order
        whole = self.size * self.processes
        full = len(order) // whole * whole
        mine = order[:full].view(-1, self.processes, self.size)[:, self.rank].flatten()
        rest = (len(order) - full) // self.processes
        return torch.cat([mine, order[full + self.rank * rest : full + (self.rank + 1) * rest]])
