"""The steps since the last report: kept on the device, read together, summed up as points."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from cnn.training.distributed import ProcessGroup

POINTS_PER_REPORT = 10
SPEED_SECONDS = 2.0  # of training that a shown speed is the mean of: the last report is noisy


class UnreadSteps(list[tuple[Tensor, Tensor, Tensor]]):
    """Loss, logits and labels of each step that the host has not read from the device yet."""

    def flush(self, group: ProcessGroup) -> tuple[list[float], list[int], int]:
        """Each step's mean loss over all processes and how many images they saw, and how many of
        all these images were classified correctly. Waits for the device."""
        losses, logits, labels = zip(*self, strict=True)
        self.clear()
        hits = (torch.cat(logits).argmax(dim=1) == torch.cat(labels)).sum()
        # Summed up on the host: Apple's GPUs have no float64.
        mean = group.sum(torch.stack(losses).cpu().double()) / group.size
        return mean.tolist(), [len(y) * group.size for y in labels], int(group.sum(hits.cpu()))


class Speedometer:
    """Images per second over the last seconds of training."""

    def __init__(self) -> None:
        self._parts: list[tuple[int, float]] = []

    def add(self, images: int, seconds: float) -> float:
        """Add a report's images and seconds; returns the speed."""
        self._parts.append((images, seconds))
        while len(self._parts) > 1 and sum(s for _, s in self._parts[1:]) >= SPEED_SECONDS:
            del self._parts[0]
        return sum(n for n, _ in self._parts) / max(sum(s for _, s in self._parts), 1e-9)


def mean_points(losses: list[float], last_step: int) -> list[tuple[int, float]]:
    """A few points `(step, mean loss)`: means of equal runs of steps, each at its last step."""
    first, width = last_step - len(losses), math.ceil(len(losses) / POINTS_PER_REPORT)
    parts = [(begin, losses[begin : begin + width]) for begin in range(0, len(losses), width)]
    return [(first + begin + len(part), sum(part) / len(part)) for begin, part in parts]
