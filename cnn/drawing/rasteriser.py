"""Lines to pixels: a round pen, exact and anti-aliased at any width, and curves through points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnn.drawing.ink import BOX, Ink, Line

MAX_POINTS = 1500  # of one drawing: more are thinned out
BATCH = 64  # pieces at a time: keeps the working set in the processor's cache


def draw(lines: Sequence[Line], height: int, width: int, pen: float) -> Ink:
    """Ink float32 `(height, width)` in 0-1 of lines `(points, 2)` as x, y in pixels.

    A pixel's ink is the pen's edge clipped over it: `pen / 2 + 1/2 - distance` of its centre to
    the nearest line, which is exact for straight strokes as wide as a pixel or wider.
    """
    starts, ends = _pieces(lines)
    reach = pen / 2 + 1  # beyond it, half a pixel of rounding included, a piece leaves no ink
    low = np.floor(np.minimum(starts, ends) - reach).astype(int)
    size = np.ceil(np.maximum(starts, ends) + reach).astype(int) - low
    sheet = np.array([width, height])
    nearest = np.full((height, width), np.inf)  # squared distances
    by_size = np.argsort(size.prod(axis=1))  # each batch's windows are as large as its largest
    for begin in range(0, len(by_size), BATCH):
        batch = by_size[begin : begin + BATCH]
        wide, tall = window = np.minimum(size[batch].max(axis=0), sheet)
        corners = np.clip(low[batch], 0, sheet - window)
        a, along = starts[batch], (ends - starts)[batch]
        length = np.maximum((along**2).sum(axis=1), 1e-12)[:, None, None]
        x = (corners[:, :1] + np.arange(wide) + 0.5 - a[:, :1])[:, None, :]
        y = (corners[:, 1:] + np.arange(tall) + 0.5 - a[:, 1:])[:, :, None]
        dx, dy = along[:, 0, None, None], along[:, 1, None, None]
        t = np.clip((x * dx + y * dy) / length, 0, 1)
        distances = (x - t * dx) ** 2 + (y - t * dy) ** 2
        for (left, top), distance in zip(corners.tolist(), distances, strict=True):
            part = nearest[top : top + tall, left : left + wide]
            np.minimum(part, distance, out=part)
    return np.clip(pen / 2 + 0.5 - np.sqrt(nearest), 0, min(1.0, pen)).astype(np.float32)


def draw_boxed(lines: Sequence[Line], pen: float) -> Ink:
    """Ink of lines scaled so that the drawn digit, pen included, has its longest side 20 px."""
    placed = fitted(lines, BOX - pen, pen / 2)
    reach = np.concatenate(placed).max(axis=0) + pen / 2
    width, height = np.ceil(reach - 1e-6).astype(int).tolist()  # not 21 for rounding
    return draw(placed, height, width, pen)


def fitted(lines: Sequence[Line], side: float, margin: float) -> list[Line]:
    """Lines scaled so that their longest side is `side`, and moved to `margin` from the corner."""
    points = np.concatenate(lines)
    low = points.min(axis=0)
    longest = float(np.ptp(points, axis=0).max())
    scale = side / longest if longest > 0 else 0.0
    return [(line - low) * scale + margin for line in lines]


def curve(points: Line, steps: int = 6) -> Line:
    """A smooth line through `points` (Catmull and Rom, 1974), `steps` pieces between two."""
    if len(points) < 3:
        return points
    p = np.concatenate([points[:1], points, points[-1:]])[:, None]
    a, b, c, d = p[:-3], p[1:-2], p[2:-1], p[3:]
    t = np.arange(steps)[:, None] / steps
    smooth = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return np.concatenate([smooth.reshape(-1, 2), points[-1:]])


def _pieces(lines: Sequence[Line]) -> tuple[Line, Line]:
    """Start and end points of every piece of every line; a lone point is a piece of no length."""
    every = -(-sum(map(len, lines)) // MAX_POINTS)
    if every > 1:
        lines = [np.concatenate([line[:-1:every], line[-1:]]) for line in lines]
    starts = np.concatenate([line[:-1] if len(line) > 1 else line for line in lines])
    ends = np.concatenate([line[1:] if len(line) > 1 else line for line in lines])
    return starts, ends
