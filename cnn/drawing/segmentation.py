"""Several digits in one drawing: which strokes, or which ink, belong to which digit.

What stands above one another or touches belongs together; what stands side by side does not. The
order is that of reading: line by line, left to right. scipy is imported when pixels are split, not
before the first paint.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cnn.drawing.ink import MIN_INK, Ink, Stroke
from cnn.drawing.strokes import as_lines

MAX_PARTS = 200  # more pieces than this are a texture, not writing: taken as one
SPECK = 0.03  # a piece smaller than this share of the largest is no digit of its own
OVERLAP = 0.4  # share of the narrower piece's width that lies above or below the other
TOUCHING = 0.07  # a gap smaller than this share of the line's height


@dataclass(frozen=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def side(self) -> float:
        return max(self.width, self.height)


def _enclosing(boxes: list[_Box]) -> _Box:
    left, top = min(box.left for box in boxes), min(box.top for box in boxes)
    return _Box(left, top, max(box.right for box in boxes), max(box.bottom for box in boxes))


def split_strokes(strokes: Sequence[Stroke]) -> list[list[Stroke]]:
    """The strokes of each digit, in reading order; empty strokes are left out.

    Raises DigitError for what no hand draws.
    """
    as_lines(strokes)
    kept = [(s, np.asarray(s, np.float64).reshape(-1, 2)) for s in strokes if len(s)]
    kept = [(stroke, points) for stroke, points in kept if np.isfinite(points).all()]
    boxes = [_Box(*points.min(axis=0), *points.max(axis=0)) for _, points in kept]
    dense = [_filled_in(points) for _, points in kept]

    def gap(i: int, j: int) -> float:
        differences = dense[i][:, None] - dense[j][None]
        return float(np.sqrt((differences**2).sum(axis=2).min()))

    return [[kept[i][0] for i in group] for group in _grouped(boxes, gap)]


def split_pixels(ink: Ink) -> list[Ink]:
    """The ink of each digit, cropped, in reading order; `ink` `(H, W)` in 0-1.

    Blank paper gives an empty list.
    """
    from scipy import ndimage

    if ink.size == 0 or float(ink.max()) < MIN_INK:
        return []
    pieces, count = ndimage.label(ink > 0.3 * float(ink.max()), np.ones((3, 3)))
    if not 1 < count <= MAX_PARTS:
        return [ink]
    places = ndimage.find_objects(pieces)
    boxes = [_Box(x.start, y.start, x.stop, y.stop) for y, x in places]
    groups = _grouped(boxes, None)
    if len(groups) < 2:
        return [ink]
    # Grey rims lie outside the pieces: each pixel goes with the piece nearest to it.
    nearest = ndimage.distance_transform_edt(
        pieces == 0, return_distances=False, return_indices=True
    )
    owner = pieces[tuple(nearest)]
    parts = []
    for group in groups:
        whole = _enclosing([boxes[i] for i in group])
        rows = slice(max(0, int(whole.top) - 2), int(whole.bottom) + 2)
        columns = slice(max(0, int(whole.left) - 2), int(whole.right) + 2)
        own = np.isin(owner[rows, columns], [i + 1 for i in group])
        parts.append((ink[rows, columns] * own).astype(np.float32))
    return parts


def _filled_in(points: NDArray[np.float64], most: int = 64) -> NDArray[np.float64]:
    """At most `most` points evenly along the stroke: a quick pen leaves few and far between."""
    if len(points) == 1:
        return points
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    at = np.linspace(0, along[-1], most)
    return np.stack([np.interp(at, along, points[:, k]) for k in (0, 1)], axis=1)


def _grouped(boxes: list[_Box], gap: Callable[[int, int], float] | None) -> list[list[int]]:
    """Indices of the pieces of each digit, in reading order; within a digit as they came.

    `gap(i, j)` is how near two pieces come; None where pieces never touch.
    """
    if not boxes:
        return []
    if len(boxes) > MAX_PARTS:
        return [list(range(len(boxes)))]
    largest = max(box.side for box in boxes)
    line = float(np.median([b.height for b in boxes if b.side >= largest / 2])) or largest
    digit_of = list(range(len(boxes)))
    for (i, one), (j, other) in combinations(enumerate(boxes), 2):
        old, new = digit_of[j], digit_of[i]
        if old == new:
            continue
        shared = min(one.right, other.right) - max(one.left, other.left)
        between = max(one.top, other.top) - min(one.bottom, other.bottom)
        narrow = min(one.width, other.width)
        near = TOUCHING * line
        apart = max(-shared, between) >= near
        above = shared >= OVERLAP * narrow and shared >= 0 and between < 0.5 * line
        if above or (gap is not None and not apart and gap(i, j) < near):
            digit_of = [new if digit == old else digit for digit in digit_of]
    members = [
        [i for i, digit in enumerate(digit_of) if digit == wanted]
        for wanted in dict.fromkeys(digit_of)
    ]
    digits = [(_enclosing([boxes[i] for i in group]), group) for group in members]
    # Specks go with the digit they are nearest to.
    main = [d for d in digits if d[0].side > SPECK * largest] or digits[:1]
    for box, indices in digits:
        if all(box is not other for other, _ in main):
            home = min(main, key=lambda d: abs(d[0].left + d[0].right - box.left - box.right))
            home[1].extend(indices)
    return [sorted(indices) for _, indices in _reading_order(main)]


def _reading_order(digits: list[tuple[_Box, list[int]]]) -> list[tuple[_Box, list[int]]]:
    """Line by line: a digit belongs to a line if its middle lies within the line's height."""
    lines: list[tuple[_Box, list[tuple[_Box, list[int]]]]] = []
    for digit in sorted(digits, key=lambda d: d[0].height, reverse=True):
        middle = (digit[0].top + digit[0].bottom) / 2
        for line, members in lines:
            if line.top <= middle <= line.bottom:
                members.append(digit)
                break
        else:
            lines.append((digit[0], [digit]))
    lines.sort(key=lambda entry: entry[0].top)
    return [d for _, members in lines for d in sorted(members, key=lambda d: d[0].left)]
