"""What of a picture is paper and not writing: what lies around the sheet, the light that falls on
it, its ruled lines and squares, a frame drawn around the digits.

scipy is imported when a picture needs it, not before the first paint.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cnn.drawing.ink import Ink, resize

Mask = NDArray[np.bool_]

SMALL = 200  # pixels of the longer side: enough to find a sheet's outline
SMALLEST_SHEET = 0.15  # of the picture
SOLID = 0.8  # the share of a sheet that is paper: a thick 0 on a dark ground is emptier
RECTANGLE = 0.87  # the share of the smallest rectangle around a sheet; an ellipse takes 0.79
STEP = 0.15  # how much darker it is beside a sheet, within a few pixels
MARGIN = 3  # small pixels at a sheet's edge that lie in its shadow
STEEPEST = 0.18  # of a ruled line: ten degrees
MOST_SLOPES = 6  # of the lines on one sheet: taken from the side, they are not parallel
DENSE = 0.8  # the share of a line that noise leaves
MOST_POINTS = 6000  # of the ink that a slope is found by
LEAST_RULED = 3  # so many lines make ruled paper: its shorter ones, in the corners, go too


def sheet_in(grey: Ink) -> Mask | None:
    """Where the sheet lies in a picture `(H, W)` that also shows what is around it: a desk, a
    scanner's black border, the page around a dark field. None where it is all of the picture.

    A sheet is one large, nearly rectangular piece of one tone, with a sharp edge and marks on it.
    """
    from scipy import ndimage

    height, width = grey.shape
    scale = min(1.0, SMALL / max(height, width))
    small = resize(grey, max(8, round(height * scale)), max(8, round(width * scale)))
    middle = (float(small.min()) + float(small.max())) / 2
    for tone in (small > middle, small < middle):
        # Closed first: squared paper's lines cut it into pieces.
        whole = ndimage.binary_closing(np.pad(tone, 3, mode="edge"), np.ones((5, 5)))[3:-3, 3:-3]
        pieces, _ = ndimage.label(whole)
        sizes = np.bincount(pieces.ravel())
        for index in range(1, len(sizes)):
            if sizes[index] < SOLID * SMALLEST_SHEET * small.size:
                continue
            sheet = _sheet(small, pieces == index)
            if sheet is not None:
                return np.asarray(Image.fromarray(sheet).resize((width, height)), bool)
    return None


def _sheet(small: Ink, piece: Mask) -> Mask | None:
    """The piece's outline without its margin, where it is a sheet's."""
    from scipy import ndimage

    outline, area, around = _outline(piece)
    if area < max(SMALLEST_SHEET * small.size, RECTANGLE * around) or piece.sum() < SOLID * area:
        return None
    inner = ndimage.binary_erosion(outline, iterations=MARGIN)
    near = ndimage.binary_dilation(outline, iterations=MARGIN) & ~ndimage.binary_dilation(outline)
    if near.sum() < max(small.shape) / 2 or not inner.any():
        return None  # no side of it is seen
    beside = small[tuple(_nearest(inner))]
    step = float(np.median(np.abs(small - beside)[near]))
    marks = np.abs(small - float(np.median(small[inner])))[inner] > step / 2
    return inner if step >= STEP and marks.sum() >= MARGIN else None


def _nearest(mask: Mask) -> NDArray[np.intp]:
    """For every pixel the indices of the nearest one in `mask`, `(2, H, W)`."""
    from scipy import ndimage

    found: NDArray[np.intp] = ndimage.distance_transform_edt(
        ~mask, return_distances=False, return_indices=True
    )
    return found


def _outline(piece: Mask) -> tuple[Mask, float, float]:
    """The convex hull of a piece as a mask, its area, and that of the smallest rectangle around it,
    in pixels."""
    from scipy.spatial import ConvexHull, QhullError

    y, x = np.nonzero(piece)
    # The corners of its pixels, so that a line has an area.
    points = np.concatenate([np.stack([x + i, y + j], 1) for i in (0, 1) for j in (0, 1)])
    try:
        hull = ConvexHull(points)
    except QhullError:
        return piece, 0.0, 1.0
    corners = points[hull.vertices]
    edges = np.diff(np.vstack([corners, corners[:1]]), axis=0)
    along = edges / np.linalg.norm(edges, axis=1, keepdims=True)
    across = along[:, ::-1] * (-1, 1)
    rectangles = np.ptp(corners @ along.T, axis=0) * np.ptp(corners @ across.T, axis=0)
    picture = Image.new("1", piece.shape[::-1])
    ImageDraw.Draw(picture).polygon([(float(a) - 0.5, float(b) - 0.5) for a, b in corners], fill=1)
    return np.asarray(picture, bool) | piece, float(hull.volume), float(rectangles.min())


def rim_of(sheet: Mask) -> Mask:
    """The outermost pixels of a sheet."""
    from scipy import ndimage

    return sheet & ~ndimage.binary_erosion(sheet)


def paper_tone(grey: Ink, inside: Mask) -> Ink:
    """The paper's own tone at every pixel of `grey` `(H, W)`: a quadratic surface fitted to what is
    not ink, begun at the rim of `inside`.

    Light falls off smoothly over a page. Pixels far from the surface are ink, and the next of
    five fits leaves them out.
    """
    from scipy import ndimage

    height, width = grey.shape
    small = resize(grey, min(64, height), min(64, width))
    rows = np.linspace(0, height - 1, small.shape[0]).round().astype(int)
    columns = np.linspace(0, width - 1, small.shape[1]).round().astype(int)
    sheet = inside[np.ix_(rows, columns)]

    def terms(shape: tuple[int, ...]) -> NDArray[np.float64]:
        y, x = (axis.ravel() for axis in np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j])
        return np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=1)

    basis, tones = terms(small.shape), small.ravel()
    paper = (sheet & ~ndimage.binary_erosion(sheet, iterations=4)).ravel()
    for _ in range(5):
        surface, *_ = np.linalg.lstsq(basis[paper], tones[paper], rcond=None)
        distance = np.abs(basis @ surface - tones)
        paper = sheet.ravel() & (distance <= max(2.5 * float(np.median(distance[paper])), 0.02))
    return (terms(grey.shape) @ surface).reshape(grey.shape).astype(np.float32)


def without_lines(ink: Mask, inside: Mask) -> Mask:
    """The ink `(H, W)` without the ruled lines of the sheet `inside`, across and down, level or
    tilted by up to ten degrees.

    A ruled line is thin, far longer than a stroke, and runs to the sheet's edge. Where it crosses
    a stroke, the stroke is closed again.
    """
    if not ink.any() or ink.mean() > 0.5:
        return ink
    for turned in (False, True):
        for _ in range(MOST_SLOPES):
            mask, sheet = (ink.T, inside.T) if turned else (ink, inside)
            left = _without_lines_of_a_slope(mask, sheet)
            if left is None:
                break
            ink = left.T if turned else left
    return ink


def _without_lines_of_a_slope(ink: Mask, inside: Mask) -> Mask | None:
    """Without the lines across that share the commonest slope; None where there are none."""
    from scipy import ndimage

    height, width = ink.shape
    near = max(1, width // 40)  # noise may eat a line's first pixels
    rim = inside & ~ndimage.binary_erosion(inside, iterations=near)
    slope = _commonest_slope(ink)
    mask, edge = _sheared(ink, slope), _sheared(rim, slope)
    steady = ndimage.binary_dilation(mask, np.ones((3, 1)))  # a pixel up or down is no other line
    lines = _lines(steady, edge, width // 2)
    if lines is None:
        return None
    if ndimage.label(lines, np.ones((3, 3)))[1] >= LEAST_RULED:
        shorter = _lines(steady & ~lines, edge, width // 8)
        lines = lines if shorter is None else lines | shorter
    thick = int(np.median(lines.sum(axis=0)[lines.any(axis=0)] / _count(lines)))
    crossed = np.ones((max(thick, 1) + 5, 1))
    left = ndimage.binary_closing(mask & ~ndimage.binary_dilation(lines), crossed)
    return _sheared(left, slope, back_to=height)


def _count(lines: Mask) -> NDArray[np.intp]:
    """How many lines cross each column that any crosses."""
    starts = np.diff(np.pad(lines, ((1, 0), (0, 0))).astype(np.int8), axis=0) == 1
    return starts.sum(axis=0)[lines.any(axis=0)]


def _lines(steady: Mask, edge: Mask, length: int) -> Mask | None:
    """Those runs of at least `length` pixels, most of them ink, that are thin and reach the sheet's
    edge; of a stroke that lies along one only what the line itself takes."""
    from scipy import ndimage

    dense = ndimage.uniform_filter1d(steady.astype(np.float32), length | 1, axis=1) >= DENSE
    # Noise breaks a faint line: gaps of a sixtieth of the page are bridged.
    whole = _grown(dense, length) & _grown(steady, steady.shape[1] // 60 + 1)
    pieces, _ = ndimage.label(whole, np.ones((3, 3)))
    lines = np.zeros(steady.shape, bool)
    for index, place in enumerate(ndimage.find_objects(pieces), 1):
        piece = pieces[place] == index
        across = piece.sum(axis=1)
        own = piece & (across >= DENSE / 2 * across.max())[:, None]
        thick = own.any(axis=1).sum() - 2  # `steady` added two rows
        at_edge = (piece & edge[place]).any()
        if at_edge and piece.shape[1] >= length and thick <= max(3, len(steady) // 40):
            lines[place] |= own
    return lines if lines.any() else None


def _commonest_slope(ink: Mask) -> float:
    """The slope of lines across: that along which the ink falls into the fewest rows."""
    width = ink.shape[1]
    y, x = np.nonzero(ink)
    few = slice(None, None, max(1, len(y) // MOST_POINTS))
    y, x = y[few], x[few] - width / 2
    slopes = np.linspace(-STEEPEST, STEEPEST, 2 * int(STEEPEST * width) + 1)
    rows = np.rint(y - slopes[:, None] * x).astype(int) + width
    peaks = [float((np.bincount(row).astype(float) ** 2).sum()) for row in rows]
    return float(slopes[int(np.argmax(peaks))])


def _sheared(mask: Mask, slope: float, back_to: int | None = None) -> Mask:
    """Each column moved up by `slope` times its place, on a sheet that is higher by the largest
    move at both ends; `back_to` rows: the other way, off that sheet."""
    height, width = mask.shape
    moves = np.rint(slope * (np.arange(width) - width / 2)).astype(int)
    room = int(np.abs(moves).max())
    if back_to is None:
        rows = np.arange(height + 2 * room)[:, None] - room + moves
        inside = (rows >= 0) & (rows < height)
        return mask[rows.clip(0, height - 1), np.arange(width)] & inside
    return mask[np.arange(back_to)[:, None] + room - moves, np.arange(width)]


def _grown(mask: Mask, length: int) -> Mask:
    """Dilated along the rows by a line of about `length` pixels."""
    from scipy import ndimage

    size = length | 1
    return ndimage.maximum_filter1d(mask.view(np.uint8), size, axis=1, mode="constant").view(bool)


def drawn_frame(ink: Mask) -> Mask | None:
    """The lines of a rectangle drawn around other ink; None without one."""
    from scipy import ndimage

    pieces, count = ndimage.label(ink, np.ones((3, 3)))
    if count < 2:
        return None
    sides = [min(y.stop - y.start, x.stop - x.start) for y, x in ndimage.find_objects(pieces)]
    index = int(np.argmax(sides)) + 1
    piece = pieces == index
    outline, area, around = _outline(piece)
    thick = 2 * float(piece.sum()) / max(float(np.sqrt(area)) * 4, 1.0) + 0.03 * max(sides)
    deep = ndimage.binary_erosion(outline, iterations=max(1, round(thick)))
    encloses = (ink & ~piece & deep).sum() >= 0.5 * (ink & ~piece).sum()
    hollow = (piece & deep).sum() <= 0.02 * piece.sum()
    return piece if area >= RECTANGLE * around and encloses and hollow else None
