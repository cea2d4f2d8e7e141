"""A round pen: lines as anti-aliased ink, exactly and at any width, and curves through points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnn.drawing.ink import Ink, Line

MAX_SEGMENTS = 4000  # of one drawing: more are thinned out


def draw(lines: Sequence[Line], height: int, width: int, pen: float) -> Ink:
    """Ink float32 `(height, width)` in 0-1 of lines `(points, 2)` as x, y in pixels.

    A pixel's ink is the pen's edge clipped over it: `pen / 2 + 1/2 - distance` of its centre to
    the nearest line, which is exact for straight strokes as wide as a pixel or wider.
    """
    starts, ends = _segments(lines)
    ys, xs = np.mgrid[0:height, 0:width] + 0.5
    nearest = np.full(height * width, np.inf)
    pixels = np.stack([xs.ravel(), ys.ravel()], axis=1)
    for begin in range(0, len(starts), 64):  # keeps the working set in the processor's cache
        a, b = starts[begin : begin + 64], ends[begin : begin + 64]
        along = b - a
        length = np.maximum((along**2).sum(axis=1), 1e-12)
        offset = pixels[:, None] - a
        t = np.clip((offset * along).sum(axis=2) / length, 0, 1)
        distance = ((offset - t[..., None] * along) ** 2).sum(axis=2).min(axis=1)
        nearest = np.minimum(nearest, distance)
    ink = np.clip(pen / 2 + 0.5 - np.sqrt(nearest), 0, min(1.0, pen))
    return ink.reshape(height, width).astype(np.float32)


def _segments(lines: Sequence[Line]) -> tuple[Line, Line]:
    """Start and end points of every piece of every line; a lone point is a piece of no length."""
    starts, ends = [], []
    for line in lines:
        line = line[:: max(1, len(line) // MAX_SEGMENTS + 1)] if len(line) > MAX_SEGMENTS else line
        starts.append(line[:-1] if len(line) > 1 else line)
        ends.append(line[1:] if len(line) > 1 else line)
    return np.concatenate(starts), np.concatenate(ends)


def curve(points: Line, steps: int = 6) -> Line:
    """A smooth line through `points` (Catmull and Rom, 1974), `steps` pieces between two."""
    if len(points) < 3:
        return points
    p = np.concatenate([points[:1], points, points[-1:]])
    t = np.arange(steps)[:, None] / steps
    parts = []
    for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False):
        parts.append(
            b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
        )
    return np.concatenate([*parts, points[-1:]])
