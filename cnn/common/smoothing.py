"""Noisy series made smooth."""

from __future__ import annotations

from collections.abc import Sequence


def smooth(values: Sequence[float], weight: float = 0.9) -> list[float]:
    """Exponential moving average with Adam's bias correction (no pull towards the start)."""
    smoothed, total, share = [], 0.0, 0.0
    for value in values:
        total = weight * total + (1 - weight) * value
        share = weight * share + (1 - weight)
        smoothed.append(total / share)
    return smoothed
