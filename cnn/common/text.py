"""Counts and durations in words (for bytes there is `humanize.naturalsize`)."""

from __future__ import annotations

import humanize


def duration(seconds: float) -> str:
    """Seconds, rounded, as `8 seconds`, `2 minutes and 5 seconds`."""
    return humanize.precisedelta(max(0, round(seconds)), format="%0.0f")


def plural(count: int, noun: str) -> str:
    """`1 epoch`, `3 epochs`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
