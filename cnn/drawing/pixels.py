"""From a picture to 28×28: find the ink, make its strokes one width, box and centre it.

scipy and scikit-image are imported when a picture needs them, not before the first paint.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from cnn.drawing.ink import (
    BOX,
    MIN_INK,
    PEN_WIDTH,
    SIZE,
    DigitError,
    Ink,
    Line,
    Prepared,
    centre,
    crop,
    fit,
    resize,
    square,
)
from cnn.drawing.rasteriser import draw_boxed

# The endings of picture files that are read; a phone's HEIC among them.
PICTURE_TYPES = ("png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff", "heic", "heif")
MAX_SIDE = 1024  # uploads are shrunk to this before anything else
# What is decoded at all, in pixels. A JPEG is decoded small at once, and costs less.
MOST_PIXELS, MOST_JPEG_PIXELS = 25_000_000, 100_000_000
# Pillow knows more, some of which it hands to other programs.
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "HEIF")
MIN_SIDE_TO_THIN = 40  # smaller digits are taken as they are: too coarse for a skeleton
# Strokes finer than this, in pixels of the box, are drawn anew; others are near enough to MNIST's,
# and are only scaled (benchmarks/drawn_digits.md).
FINE_PEN = 1.2
FINE = 8  # pixels of the skeleton's sheet per pixel of the box
EVEN_PAPER = 0.03  # a border that varies less than this needs no levelling


def from_pixels(ink: Ink, centred: bool = True) -> Prepared:
    """The digit of some ink `(H, W)`, prepared; with `centred` False merely resized to 28×28.

    A digit of at least 40 px whose strokes are fine is thinned to its skeleton and drawn anew with
    the width that strokes are drawn with; others are only scaled, and one of MNIST's own images is
    left alone. Raises DigitError for blank paper.
    """
    if ink.size == 0 or float(ink.max()) < MIN_INK:
        raise DigitError("There is no ink to read: the picture is blank.")
    if not centred:
        plain = resize(square(ink), SIZE, SIZE)
        return Prepared(ink, ink, plain, plain)
    cropped = crop(ink, MIN_INK * float(ink.max()) * 5)
    if _is_made_like_mnist(ink, cropped):
        return Prepared(ink, cropped, cropped, ink)
    skeleton = _skeleton(cropped) if max(cropped.shape) >= MIN_SIDE_TO_THIN else None
    # Its points lie so close, however stretched, that dots with the pen make a line of them.
    boxed = fit(cropped, BOX) if skeleton is None else draw_boxed(skeleton, PEN_WIDTH)
    return Prepared(ink, cropped, boxed, centre(boxed))


def _is_made_like_mnist(ink: Ink, cropped: Ink) -> bool:
    """Whether it is 28×28 already, boxed to about 20 px, its mass within a pixel of the middle."""
    if ink.shape != (SIZE, SIZE) or not BOX - 2 <= max(cropped.shape) <= BOX:
        return False
    at = np.arange(SIZE) + 0.5
    middle = np.array([(ink.sum(axis=1) * at).sum(), (ink.sum(axis=0) * at).sum()]) / ink.sum()
    return bool((np.abs(middle - SIZE / 2) <= 1).all())


def from_image(image: Image.Image, centred: bool = True) -> Prepared:
    """The digit of a picture, prepared: dark on light or light on dark, transparent or not."""
    return from_pixels(ink_of(image), centred)


def open_image(source: str | Path | IO[bytes]) -> Image.Image:
    """The picture of a file, turned upright, its longer side at most `MAX_SIDE`. Raises DigitError
    for what is none, and before it is decoded for one too large."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    try:
        image = Image.open(source, formats=FORMATS)
        _require_size(image)
        image.draft(None, (MAX_SIDE, MAX_SIDE))
        image.load()
        image.thumbnail((MAX_SIDE, MAX_SIDE))
    except DigitError:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DigitError(
            "This file is not a picture that can be opened (PNG, JPEG, HEIC, …)."
        ) from error
    return ImageOps.exif_transpose(image)


def _require_size(image: Image.Image) -> None:
    """Raise DigitError for a picture that would take too much memory: a small file may hold one."""
    most = MOST_JPEG_PIXELS if image.format in ("JPEG", "MPO") else MOST_PIXELS
    if image.width * image.height > most:
        raise DigitError(
            f"This picture has {image.width:,}×{image.height:,} pixels, more than the "
            f"{most // 1_000_000} million that are opened: make it smaller first."
        )


def ink_of(image: Image.Image) -> Ink:
    """The ink of a picture, `(H, W)` in 0-1, whichever of paper and ink is the brighter.

    What the border shows most is paper; where its light is uneven, the light is levelled first. A
    picture whose opaque parts are all of one tone is read by its transparency.
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
    low, high = np.percentile(edge, (10, 90))
    photograph = high - low > EVEN_PAPER and min(grey.shape) >= MIN_SIDE_TO_THIN
    ink = np.abs(grey - (_paper(grey) if photograph else float(np.median(edge))))
    strongest = float(np.percentile(ink, 99.5) if photograph else ink.max())
    if strongest < 0.1:
        raise DigitError("There is no ink to read: the picture is all of one tone.")
    ink = np.clip((ink / strongest - 0.15) / 0.85, 0, 1).astype(np.float32)
    return _only_the_digit(ink) if photograph else ink


def _paper(grey: NDArray[np.floating]) -> Ink:
    """The paper's own tone at every pixel: a quadratic surface fitted to what is not ink.

    Light falls off smoothly over a page. Pixels far from the surface are ink, and the next of
    five fits leaves them out.
    """
    height, width = grey.shape
    small = resize(grey.astype(np.float32), min(64, height), min(64, width))

    def terms(shape: tuple[int, ...]) -> NDArray[np.float64]:
        y, x = (axis.ravel() for axis in np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j])
        return np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=1)

    basis, tones = terms(small.shape), small.ravel()
    edge = np.zeros(small.shape, bool)
    edge[:4], edge[-4:], edge[:, :4], edge[:, -4:] = True, True, True, True
    paper = edge.ravel()
    for _ in range(5):
        surface, *_ = np.linalg.lstsq(basis[paper], tones[paper], rcond=None)
        distance = np.abs(basis @ surface - tones)
        paper = distance <= max(2.5 * float(np.median(distance[paper])), 0.02)
    return (terms(grey.shape) @ surface).reshape(grey.shape).astype(np.float32)


def _only_the_digit(ink: Ink) -> Ink:
    """The ink without the paper's ruled lines and specks.

    A ruled line is thin, far longer than a stroke, and runs to the picture's edge. Where it crosses
    a stroke, the stroke is closed again.
    """
    from scipy import ndimage

    height, width = ink.shape
    mask = ink > 0.35
    for size, axis in (((1, max(3, width // 3)), 0), ((max(3, height // 3), 1), 1)):
        # Noise breaks a faint line: gaps of a thirtieth of the page are bridged to find it.
        bridge = np.ones((1, width // 30 + 1) if axis == 0 else (height // 30 + 1, 1))
        long = ndimage.binary_opening(ndimage.binary_closing(mask, bridge), np.ones(size))
        pieces, _ = ndimage.label(long, np.ones((3, 3)))
        for index, place in enumerate(ndimage.find_objects(pieces), 1):
            thick = place[axis].stop - place[axis].start
            along, length = place[1 - axis], ink.shape[1 - axis]
            near = max(1, length // 40)  # noise may eat the line's first pixels
            at_edge = along.start <= near or along.stop >= length - near
            if at_edge and thick <= max(3, ink.shape[axis] // 40):
                line = ndimage.binary_dilation(pieces == index, iterations=1)
                gap = np.ones((thick + 5, 1) if axis == 0 else (1, thick + 5))
                mask = ndimage.binary_closing(mask & ~line, gap)
    pieces, count = ndimage.label(mask, np.ones((3, 3)))
    if not count:
        return ink
    areas = np.bincount(pieces.ravel())[1:]
    digit = np.isin(pieces, 1 + np.flatnonzero(areas >= 0.03 * areas.max()))
    return np.where(digit, np.maximum(ink, 0.6), ink * ndimage.binary_dilation(digit)).astype(
        np.float32
    )


def _skeleton(cropped: Ink) -> list[Line] | None:
    """The lone points of the digit's skeleton (Zhang and Suen, 1984), 8 to a pixel of the box; None
    where its strokes are not finer than `FINE_PEN`."""
    from scipy import ndimage
    from skimage.morphology import skeletonize

    height, width = cropped.shape
    scale = FINE * (BOX - 1) / max(height, width)
    fine = resize(cropped, max(1, round(height * scale)), max(1, round(width * scale)))
    mask = np.pad(fine > 0.5 * float(fine.max()), 1)
    skeleton = skeletonize(mask)
    if not skeleton.any():
        return None
    pen = 2 * float(np.median(ndimage.distance_transform_edt(mask)[skeleton])) / FINE
    points = np.argwhere(skeleton)[:, None, ::-1].astype(np.float64)
    return list(points) if pen < FINE_PEN else None
