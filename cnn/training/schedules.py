"""The learning-rate schedules. Imports no torch."""

from __future__ import annotations

import math

SCHEDULES: dict[str, str] = {
    "constant": "Constant",
    "step": "Step",
    "cosine": "Cosine",
    "one-cycle": "One-cycle",
}


def schedule_factor(schedule: str, progress: float) -> float:
    """The factor of the learning rate after `progress` (0 to 1) of all steps.

    `one-cycle` is Smith's (2018, arXiv:1803.09820) with the shape of torch's OneCycleLR: from 1/25
    up to 1 over the first 30%, then down to 1/250,000, both along a cosine.
    """

    def cosine(start: float, end: float, part: float) -> float:
        return end + (start - end) * (1 + math.cos(math.pi * part)) / 2

    progress = min(max(progress, 0.0), 1.0)
    if schedule == "constant":
        return 1.0
    if schedule == "step":
        return 1.0 if progress < 0.6 else 0.1 if progress < 0.85 else 0.01
    if schedule == "cosine":
        return cosine(1.0, 0.0, progress)
    if progress < 0.3:
        return cosine(1 / 25, 1.0, progress / 0.3)
    return cosine(1.0, 1 / 250_000, (progress - 0.3) / 0.7)
