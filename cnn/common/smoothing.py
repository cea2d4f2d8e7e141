"""Noisy series made smooth."""

from __future__ import annotations

import math
from collections.abc import Sequence


def smooth(values: Sequence[float], weight: float = 0.9) -> list[float]:
    """Exponential moving average with Adam's bias correction (no pull towards the start)."""
    smoothed, total, share = [], 0.0, 0.0
    for value in values:
        total = weight * total + (1 - weight) * value
        share = weight * share + (1 - weight)
        smoothed.append(total / share)
    return smoothed


def smooth_by_step(steps: Sequence[float], values: Sequence[float], span: float) -> list[float]:
    """`smooth` for values at uneven distances: a value's weight falls to 1/e over `span` steps, so
    that the result does not depend on how many points were taken between two steps.

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
