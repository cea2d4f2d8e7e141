"""From pen strokes to the 28×28 image: the digit is drawn anew, so brush and size cannot matter.

A stroke is a list of `(x, y)`, y downwards, in any unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from cnn.drawing.ink import PEN_WIDTH, DigitError, Ink, Line, Prepared, Stroke, centre, crop
from cnn.drawing.pixels import from_pixels
from cnn.drawing.rasteriser import draw, draw_boxed, fitted

MOST_STROKES, MOST_POINTS = 500, 50_000  # of a drawing; a page of writing has a tenth of that
LARGEST = 1e9  # of a coordinate
MOST_COATS = 20  # of ink on a whole sheet
STRAY = 0.04  # a stroke smaller than this share of the largest is a stray mark
FabricDrawing = dict[str, Any]  # Fabric.js's own JSON, as drawable-canvas reports it


def from_strokes(
    strokes: Iterable[Stroke], centred: bool = True, canvas: int = 280, brush: float = 18.0
) -> Prepared:
    """The digit of some pen strokes, prepared.

    With `centred` the strokes are scaled so that the finished digit, line width included, has its
    longest side 20 px, and drawn with one and the same line width; stray marks are left out.
    Without, they are drawn as they stand on a `canvas`-sized sheet with `brush` and merely resized.
    Raises DigitError without a point, and for what no hand draws.
    """
    lines = as_lines(strokes)
    if not lines:
        raise DigitError("There is no ink to read: nothing was drawn.")
    if not centred:
        return from_pixels(_sheet(lines, canvas, brush), centred=False)

    drawing = _sheet(fitted(lines, 240.0, 20.0), 280, 24.0)
    boxed = draw_boxed(_without_stray_marks(lines), PEN_WIDTH)
    return Prepared(drawing, crop(drawing, 0.1), boxed, centre(boxed))


def sheet(strokes: Iterable[Stroke], canvas: int = 280, brush: float = 18.0) -> Ink:
    """The strokes as they stand on a `canvas`-sized sheet, drawn with `brush`."""
    return _sheet(as_lines(strokes), canvas, brush)


def _sheet(lines: list[Line], side: int, pen: float) -> Ink:
    """The lines on a square sheet; on a sheet of a quarter of the side where they go over it so
    often that it is black all over, and would take seconds to draw."""
    length = sum(float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum()) for line in lines)
    if length * pen > MOST_COATS * side * side:
        return draw([line / 4 for line in lines], side // 4, side // 4, pen / 4)
    return draw(lines, side, side, pen)


def as_lines(strokes: Iterable[Stroke]) -> list[Line]:
    """Strokes as arrays `(points, 2)`, without points that are not finite and empty strokes.

    Raises DigitError for more than a hand draws, TypeError and ValueError for what are no strokes.
    """
    lines: list[Line] = []
    points = 0
    for stroke in strokes:
        points += len(stroke)
        if len(lines) >= MOST_STROKES or points > MOST_POINTS:
            raise DigitError(
                f"This is no drawing of a digit: it has more than {MOST_STROKES:,} strokes or "
                f"{MOST_POINTS:,} points."
            )
        try:
            line = np.asarray(stroke, np.float64).reshape(-1, 2)
        except OverflowError:
            raise DigitError("A coordinate is far too large to be drawn.") from None
        line = line[np.isfinite(line).all(axis=1)]
        if len(line) and np.abs(line).max() > LARGEST:
            raise DigitError(f"A coordinate is beyond {LARGEST:,.0f}: too large to be drawn.")
        if len(line):
            lines.append(line)
    return lines


def strokes_from_canvas(drawing: FabricDrawing | None) -> list[list[tuple[float, float]]]:
    """The strokes of a drawable-canvas's `json_data` (Fabric.js paths), in canvas pixels.

    Curves are followed closely enough to look the same; anything but paths is left out, in a report
    that is none of the canvas's too.
    """
    strokes = []
    objects = drawing.get("objects") if isinstance(drawing, dict) else None
    for item in objects if isinstance(objects, list) else []:
        if isinstance(item, dict) and str(item.get("type", "")).lower() == "path":
            path = item.get("path")
            points = list(_path_points(path if isinstance(path, list) else []))
            if points:
                strokes.append(points)
    return strokes


def _without_stray_marks(lines: list[Line]) -> list[Line]:
    """The lines without the dots that a pen leaves where it only touched; a lone dot stays."""
    sizes = [float(np.ptp(line, axis=0).max()) for line in lines]
    kept = [line for line, size in zip(lines, sizes, strict=True) if size >= STRAY * max(sizes)]
    return kept or lines


def _path_points(path: list[Any]) -> Iterator[tuple[float, float]]:
    """Points along an SVG path of M, L, Q and C commands."""
    last = np.zeros(2)
    for command in path:
        try:
            name, numbers = str(command[0]), np.asarray(command[1:], np.float64).reshape(-1, 2)
        except (TypeError, ValueError, IndexError, KeyError, OverflowError):
            continue
        if len(numbers) == 0 or not np.isfinite(numbers).all():
            continue
        controls = np.vstack([last, numbers])
        if name in ("Q", "C") and 2 < len(controls) < 5:
            for t in np.linspace(0, 1, 5)[1:]:
                curve = controls
                while len(curve) > 1:  # de Casteljau
                    curve = curve[:-1] * (1 - t) + curve[1:] * t
                yield (float(curve[0, 0]), float(curve[0, 1]))
        else:
            yield (float(numbers[-1, 0]), float(numbers[-1, 1]))
        last = numbers[-1]
