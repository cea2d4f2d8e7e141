"""Noisy series made smooth."""

from __future__ import annotations

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
