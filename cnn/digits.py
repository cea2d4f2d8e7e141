"""From a drawing to the 28×28 image the network expects, in the manner MNIST itself was made.

LeCun and others: crop to the ink, scale its longest side to 20 pixels keeping its proportions,
place its centre of mass in the middle of 28×28. Pixels go that way as they are; pen strokes are
first drawn anew with MNIST's own line width, so that brush and size cannot matter.

Ink is float32 in 0-1: 0 is paper, 1 is full ink.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError

SIZE = 28
BOX = 20
# Measured on the pen digits (design.md): 2.0 px reads best; 2.6 and 3.2 px lose a point.
PEN_WIDTH = 2.0
OVERSAMPLING = 8
MIN_INK = 0.02  # fainter than this is paper
MAX_SIDE = 1024  # uploads are shrunk to this before anything else

Ink = NDArray[np.float32]
Stroke = Sequence[tuple[float, float]]


class DigitError(ValueError):
    """A drawing or picture that holds nothing to read; the message says what was found."""


@dataclass(frozen=True)
class Prepared:
    """A digit on its way to the network, one picture per step; `image` is what it sees.

    `drawing`: all of the ink as it came. `cropped`: only the ink. `boxed`: longest side 20 px.
    `image`: 28×28, centre of mass in the middle.
    """

    drawing: Ink
    cropped: Ink
    boxed: Ink
    image: Ink


def from_pixels(ink: Ink, centred: bool = True) -> Prepared:
    """Prepare ink `(H, W)`; with `centred` False it is merely resized to 28×28.

    Raises DigitError for blank paper.
    """
    if ink.size == 0 or float(ink.max()) < MIN_INK:
        raise DigitError("There is no ink to read: the picture is blank.")
    if not centred:
        plain = _resize(_square(ink), SIZE, SIZE)
        return Prepared(ink, ink, plain, plain)
    cropped = _crop(ink, MIN_INK * float(ink.max()) * 5)
    boxed = _fit(cropped, BOX)
    return Prepared(ink, cropped, boxed, _centre(boxed))


def from_strokes(
    strokes: Iterable[Stroke], centred: bool = True, canvas: int = 280, brush: float = 18.0
) -> Prepared:
    """Prepare pen strokes, each a list of `(x, y)` with y downwards, in any unit.

    With `centred` the strokes are scaled so that the finished digit, line width included, has its
    longest side 20 px, and drawn with MNIST's line width. Without, they are drawn as they stand on
    a `canvas`-sized sheet with `brush` and merely resized. Raises DigitError without a point.
    """
    lines = [np.asarray(s, np.float64).reshape(-1, 2) for s in strokes if len(s)]
    lines = [line[np.isfinite(line).all(axis=1)] for line in lines]
    lines = [line for line in lines if len(line)]
    if not lines:
        raise DigitError("There is no ink to read: nothing was drawn.")
    if not centred:
        return from_pixels(_draw(lines, canvas, canvas, brush, oversampling=1), centred=False)

    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    longest = float((high - low).max())
    drawing = _draw(
        [(line - low) * (240 / max(longest, 1e-9)) + 20 for line in lines], 280, 280, 24.0, 1
    )
    scale = (BOX - PEN_WIDTH) / max(longest, 1e-9) if longest > 0 else 0.0
    scaled = [(line - low) * scale + PEN_WIDTH / 2 for line in lines]
    width, height = np.ceil((high - low) * scale + PEN_WIDTH).astype(int)
    boxed = _draw(scaled, int(width), int(height), PEN_WIDTH, OVERSAMPLING)
    return Prepared(drawing, _crop(drawing, 0.1), boxed, _centre(boxed))


def from_image(image: Image.Image, centred: bool = True) -> Prepared:
    """Prepare a picture of one digit: dark on light or light on dark, transparent or not."""
    return from_pixels(ink_of(image), centred)


def open_image(source: Any) -> Image.Image:
    """Open a picture file (path or bytes object). Raises DigitError for what is none."""
    try:
        image = Image.open(source)
        image.load()
    except (
        UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError,
    ) as error:  # fmt: skip
        raise DigitError("This file is not a picture that can be opened (PNG, JPEG, …).") from error
    return ImageOps.exif_transpose(image)


def ink_of(image: Image.Image) -> Ink:
    """The ink of a picture, `(H, W)` in 0-1, whichever of paper and ink is the brighter.

    What the border shows most is paper. A picture whose opaque parts are all of one tone is read
    by its transparency.
    """
    image = image.copy()
    image.thumbnail((MAX_SIDE, MAX_SIDE))
    rgba = np.asarray(image.convert("RGBA"), np.float32) / 255
    grey, alpha = rgba[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32), rgba[..., 3]
    opaque = grey[alpha > 0.5]
    if alpha.min() < 0.5 and (opaque.size == 0 or float(np.ptp(opaque)) < 0.1):
        return alpha.astype(np.float32)
    if alpha.min() < 0.5:  # lay it on the paper that its ink stands out from
        grey = grey * alpha + (1 - alpha) * (0.0 if float(np.median(opaque)) > 0.5 else 1.0)
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = float(np.median(edge))
    ink = np.abs(grey - paper)
    strongest = float(ink.max())
    if strongest < 0.1:
        raise DigitError("There is no ink to read: the picture is all of one tone.")
    return np.clip((ink / strongest - 0.15) / 0.85, 0, 1).astype(np.float32)


def strokes_from_canvas(drawing: dict[str, Any] | None) -> list[list[tuple[float, float]]]:
    """The strokes of a drawable-canvas's `json_data` (Fabric.js paths), in canvas pixels.

    Curves are followed closely enough to look the same; anything but paths is left out.
    """
    strokes = []
    for item in (drawing or {}).get("objects") or []:
        if isinstance(item, dict) and str(item.get("type", "")).lower() == "path":
            points = list(_path_points(item.get("path") or []))
            if points:
                strokes.append(points)
    return strokes


def _path_points(path: list[Any]) -> Iterator[tuple[float, float]]:
    """Points along an SVG path of M, L, Q and C commands."""
    last = np.zeros(2)
    for command in path:
        try:
            name, numbers = str(command[0]), np.asarray(command[1:], np.float64).reshape(-1, 2)
        except (TypeError, ValueError, IndexError):
            continue
        if len(numbers) == 0 or not np.isfinite(numbers).all():
            continue
        controls = np.vstack([last, numbers])
        if name in ("Q", "C") and len(controls) > 2:
            for t in np.linspace(0, 1, 5)[1:]:
                curve = controls
                while len(curve) > 1:  # de Casteljau
                    curve = curve[:-1] * (1 - t) + curve[1:] * t
                yield (float(curve[0, 0]), float(curve[0, 1]))
        else:
            yield (float(numbers[-1, 0]), float(numbers[-1, 1]))
        last = numbers[-1]


def _draw(
    lines: list[NDArray[np.float64]], width: int, height: int, pen: float, oversampling: int
) -> Ink:
    """Draw lines with a round pen, anti-aliased by drawing larger and shrinking."""
    k = oversampling if oversampling > 1 else 2
    sheet = Image.new("L", (max(1, width) * k, max(1, height) * k), 0)
    pencil = ImageDraw.Draw(sheet)
    radius = pen * k / 2
    for line in lines:
        points = [(float(x) * k, float(y) * k) for x, y in line]
        if len(points) > 1:
            pencil.line(points, fill=255, width=max(1, round(pen * k)), joint="curve")
        for x, y in points:
            pencil.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    small = sheet.resize((max(1, width), max(1, height)), Image.Resampling.BOX)
    return np.asarray(small, np.float32) / np.float32(255)


def _crop(ink: Ink, threshold: float) -> Ink:
    rows = np.flatnonzero((ink > threshold).any(axis=1))
    columns = np.flatnonzero((ink > threshold).any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _square(ink: Ink) -> Ink:
    """Pad to a square, the ink in the middle."""
    height, width = ink.shape
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    return np.pad(ink, ((top, side - height - top), (left, side - width - left)))


def _resize(ink: Ink, width: int, height: int) -> Ink:
    """Resize with a filter that averages when shrinking."""
    image = Image.fromarray(ink, mode="F").resize((width, height), Image.Resampling.BILINEAR)
    return np.clip(np.asarray(image, np.float32), 0, 1)


def _fit(ink: Ink, box: int) -> Ink:
    """Scale so that the longest side is `box`, keeping the proportions."""
    height, width = ink.shape
    scale = box / max(height, width)
    return _resize(ink, max(1, round(width * scale)), max(1, round(height * scale)))


def _centre(boxed: Ink) -> Ink:
    """Place the centre of mass in the middle of 28×28, to a fraction of a pixel."""
    height, width = boxed.shape
    mass = max(float(boxed.sum()), 1e-9)
    y = float((boxed.sum(axis=1) * (np.arange(height) + 0.5)).sum()) / mass
    x = float((boxed.sum(axis=0) * (np.arange(width) + 0.5)).sum()) / mass
    # Never so far that ink falls off the sheet.
    left = min(max(SIZE / 2 - x, 0.0), SIZE - width)
    top = min(max(SIZE / 2 - y, 0.0), SIZE - height)
    sheet = Image.fromarray(np.pad(boxed, 1), mode="F").transform(
        (SIZE, SIZE),
        Image.Transform.AFFINE,
        (1, 0, 1 - left, 0, 1, 1 - top),
        Image.Resampling.BILINEAR,
    )
    return np.clip(np.asarray(sheet, np.float32), 0, 1)
