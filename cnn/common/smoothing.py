"""Noisy series made smooth."""

from __future__ import annotations

import math
from collections.abc import Sequence

LENGTHS = 50  # a curve's own time constant is this part of its length


def smooth(values: Sequence[float]) -> list[float]:
    """A noisy curve made smooth, as finely as its length allows: an exponential average there
    and back, so that a falling curve does not lie above its own points."""
    weight = smoothing_weight(len(values))
    there = moving_average(values, weight)
    return moving_average(there[::-1], weight)[::-1]


def smoothing_weight(length: int) -> float:
    """What `smooth` keeps of the mean at each of `length` values: 0 for one, 0.5 for 50, near 1 for
    many."""
    return length / (length + LENGTHS)


def moving_average(values: Sequence[float], weight: float) -> list[float]:
    """Exponential moving average with Adam's bias correction (no pull towards the start)."""
    smoothed, total, share = [], 0.0, 0.0
    for value in values:
        total = weight * total + (1 - weight) * value
        share = weight * share + (1 - weight)
        smoothed.append(total / share)
    return smoothed


def smooth_by_step(steps: Sequence[float], values: Sequence[float], span: float) -> list[float]:
    """`moving_average` for values at uneven distances: a value's weight falls to 1/e over `span`
    steps, so that the result does not depend on how many points were taken between two steps.

    `steps` ascend; `span` above 0.
    """
    smoothed, total, share, before = [], 0.0, 0.0, None
    for step, value in zip(steps, values, strict=True):
        gap = 1.0 if before is None else max(step - before, 0.0)
        kept = math.exp(-gap / span)
        total = kept * total + (1 - kept) * value
        share = kept * share + (1 - kept)
        smoothed.append(total / share if share else value)
        before = step
    return smoothed
