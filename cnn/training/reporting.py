"""The steps since the last report: kept on the device, read together, summed up as points."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from cnn.training.distributed import ProcessGroup

POINTS_PER_REPORT = 10


class UnreadSteps(list[tuple[Tensor, Tensor, Tensor]]):
    """Loss, logits and labels of each step that the host has not read from the device yet."""

    def flush(self, group: ProcessGroup) -> tuple[list[float], list[int], int]:
        """Each step's mean loss over all processes and how many images they saw, and how many of
        all these images were classified correctly. Waits for the device."""
        losses, logits, labels = zip(*self, strict=True)
        self.clear()
        mean = group.sum(torch.stack(losses).double()) / group.size
        hits = (torch.cat(logits).argmax(dim=1) == torch.cat(labels)).sum()
        return mean.tolist(), [len(y) * group.size for y in labels], int(group.sum(hits))


def mean_points(losses: list[float], last_step: int) -> list[tuple[int, float]]:
    """A few points `(step, mean loss)`: means of equal runs of steps, each at its last step."""
    first, width = last_step - len(losses), math.ceil(len(losses) / POINTS_PER_REPORT)
    parts = [(begin, losses[begin : begin + width]) for begin in range(0, len(losses), width)]
    return [(first + begin + len(part), sum(part) / len(part)) for begin, part in parts]
