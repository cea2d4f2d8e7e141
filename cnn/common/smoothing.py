"""Noisy series made smooth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_SPANS = 20.0  # of a stretch: no weight in it is beyond exp(20)
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


def smooth_by_step(steps: ArrayLike, values: ArrayLike, span: float) -> NDArray[np.float64]:
    """`moving_average` for values at uneven distances: a value's weight falls to 1/e over `span`
    steps, so that the result does not depend on how many points were taken between two steps.

    Both `(N,)`, `steps` ascending; `span` above 0. Returns float64 `(N,)`. Computed in stretches of
    a few spans, by sums instead of a loop.
    """
    at, value = np.asarray(steps, np.float64), np.asarray(values, np.float64)
    gaps = np.diff(at, prepend=at[:1] - 1).clip(0) / span
    new, since = -np.expm1(-gaps), np.cumsum(gaps)
    smoothed, total, share, begin = np.empty(len(at)), 0.0, 0.0, 0
    while begin < len(at):
        before = since[begin] - gaps[begin]
        end = max(int(np.searchsorted(since, before + MOST_SPANS)), begin + 1)
        part = slice(begin, end)
        if end == begin + 1:  # one long gap: what came before may be forgotten altogether
            kept = np.exp(-gaps[part])
            totals, shares = kept * total + new[part] * value[part], kept * share + new[part]
        else:
            grown = np.exp(since[part] - before)
            totals = (total + np.cumsum(new[part] * value[part] * grown)) / grown
            shares = (share + np.cumsum(new[part] * grown)) / grown
        smoothed[part] = np.where(shares > 0, totals / np.maximum(shares, 1e-300), value[part])
        total, share, begin = float(totals[-1]), float(shares[-1]), end
    return smoothed
