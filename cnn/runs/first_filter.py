"""A filter made by hand, with whose weights filter 0 of the first layer starts its training."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import AfterValidator

from cnn.network import Architecture
from cnn.network.layers import Conv2d

LARGEST, MOST_SIDE = 1e6, 11


def _checked(rows: tuple[tuple[float, ...], ...]) -> tuple[tuple[float, ...], ...]:
    side = len(rows)
    if not 1 <= side <= MOST_SIDE or any(len(row) != side for row in rows):
        raise ValueError(f"as many rows as columns, 1 to {MOST_SIDE}")
    if any(not (math.isfinite(v) and abs(v) <= LARGEST) for row in rows for v in row):
        raise ValueError(f"numbers from {-LARGEST:,.0f} to {LARGEST:,.0f}")
    return rows


FirstFilter = Annotated[tuple[tuple[float, ...], ...], AfterValidator(_checked)]


def read(text: str) -> FirstFilter:
    """The rows of a filter written as its weights, row after row, with _ between them. Raises
    ValueError."""
    weights = [float(part) for part in text.split("_")]
    side = math.isqrt(len(weights))
    if side * side != len(weights):
        raise ValueError(f"{len(weights)} numbers are no square of weights: 9 or 25, for example")
    return _checked(tuple(tuple(weights[i * side : (i + 1) * side]) for i in range(side)))


def written(rows: FirstFilter) -> str:
    """As `read` takes it."""
    return "_".join(f"{v:g}" if float(f"{v:g}") == v else repr(v) for row in rows for v in row)


def in_words(rows: FirstFilter) -> str:
    """Row after row."""
    return " / ".join(" ".join(f"{v:.4g}".replace("-", "−") for v in row) for row in rows)


def misfit(architecture: Architecture, rows: FirstFilter) -> str | None:
    """Why the network cannot start from this filter; None where it can."""
    first = next((layer for layer in architecture.layers if layer.enabled), None)
    if not isinstance(first, Conv2d):
        return "The first layer is no convolution: it has no filter to start from yours."
    if first.kernel_size != len(rows):
        ours, yours = (f"{side}×{side}" for side in (first.kernel_size, len(rows)))
        return f"The first layer's filters are {ours}, yours is {yours}."
    return None
