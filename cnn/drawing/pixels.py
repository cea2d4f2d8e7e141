"""From a picture to 28×28: find the ink, make its strokes one width, box and centre it.

scipy and scikit-image are imported when a picture needs them, not before the first paint.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps

from cnn.drawing import paper
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
MOST_STRETCHED = 50  # times as long as wide: a longer strip holds no digit, and cannot be shown
MIN_SIDE_TO_THIN = 40  # smaller digits are taken as they are: too coarse for a skeleton
# Strokes finer than this, in pixels of the box, are drawn anew; others are near enough to MNIST's,
# and are only scaled (benchmarks/drawn_digits.md).
FINE_PEN = 1.2
FINE = 8  # pixels of the skeleton's sheet per pixel of the box
EVEN_PAPER = 0.03  # a border that varies less than this needs no levelling
FAINT_LINE = 0.12  # of the darkest ink: lines fainter than this disturb nothing
RULED = 0.02  # lines that make less of the ink than this were none


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
    """The picture of a file, turned upright, its longer side at most `MAX_SIDE`, its mode L, RGB or
    RGBA. Raises DigitError for what is none, and before it is decoded for one too large or narrow.
    """
    import pillow_heif

    pillow_heif.register_heif_opener()
    try:
        image = Image.open(source, formats=FORMATS)
        _require_size(image)
        image.draft(None, (MAX_SIDE, MAX_SIDE))
        image.load()
        plain = _eight_bits(image)
        plain.thumbnail((MAX_SIDE, MAX_SIDE))
        return ImageOps.exif_transpose(plain)
    except DigitError:
        raise
    except Exception as error:  # a decoder raises anything at a damaged file: KeyError, EOFError
        raise DigitError(
            "This file is not a picture that can be opened (PNG, JPEG, HEIC, …)."
        ) from error


def _eight_bits(image: Image.Image) -> Image.Image:
    """The picture in mode L, RGB or RGBA. Pillow cuts deeper tones off at 255 where it converts
    them: a scanner's 16 bits, or a TIFF's floats, are scaled instead."""
    if image.mode in ("L", "RGB", "RGBA"):
        return image
    if image.mode[0] not in "IF":
        return image.convert("RGBA")
    tones = np.nan_to_num(np.asarray(image, np.float64), posinf=0, neginf=0)
    white = max(float(tones.max()), 1 if image.mode == "F" else 255)
    scaled = Image.fromarray((np.clip(tones / white, 0, 1) * 255).astype(np.uint8))
    scaled.info = dict(image.info)
    scaled.getexif().update(image.getexif())
    return scaled


def _require_size(image: Image.Image) -> None:
    """Raise DigitError for a picture that would take too much memory: a small file may hold one."""
    most = MOST_JPEG_PIXELS if image.format in ("JPEG", "MPO") else MOST_PIXELS
    if image.width * image.height > most:
        raise DigitError(
            f"This picture has {image.width:,}×{image.height:,} pixels, more than the "
            f"{most // 1_000_000} million that are opened: make it smaller first."
        )
    if max(image.size) > MOST_STRETCHED * min(image.size):
        raise DigitError(
            f"This picture has {image.width:,}×{image.height:,} pixels: too narrow a strip to hold "
            "a digit."
        )


def ink_of(image: Image.Image) -> Ink:
    """The ink of a picture, `(H, W)` in 0-1, whichever of paper and ink is the brighter.

    What lies around the sheet is cut off. What its rim shows most is paper; where its light is
    uneven, the light is levelled first. Ruled lines, squares and a frame drawn around the digits
    are no ink. A picture whose opaque parts are all of one tone is read by its transparency.
    """
    image = image.copy()
    image.thumbnail((MAX_SIDE, MAX_SIDE))
    rgba = np.asarray(image.convert("RGBA"), np.float32) / 255
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    grey: Ink = np.asarray(rgba[..., :3] @ weights, np.float32)
    alpha = rgba[..., 3]
    opaque = grey[alpha > 0.5]
    if alpha.min() < 0.5 and (opaque.size == 0 or float(np.ptp(opaque)) < 0.1):
        return alpha.astype(np.float32)
    if alpha.min() < 0.5:  # lay it on the paper that its ink stands out from
        under = np.float32(float(np.median(opaque)) <= 0.5)
        grey = np.asarray(grey * alpha + (1 - alpha) * under, np.float32)
    if min(grey.shape) < MIN_SIDE_TO_THIN:
        return _scaled(grey, np.ones(grey.shape, bool), level=False)
    sheet = paper.sheet_in(grey)
    if sheet is None:
        sheet = np.ones(grey.shape, bool)
    place = np.ix_(sheet.any(axis=1), sheet.any(axis=0))
    return _writing(grey[place], sheet[place])


def _scaled(grey: Ink, sheet: paper.Mask, level: bool) -> Ink:
    """How far each pixel is from the paper's tone, 1 at the darkest. Raises DigitError where there
    is but one tone."""
    rim = grey[paper.rim_of(sheet)]
    ink = np.abs(grey - (paper.paper_tone(grey, sheet) if level else float(np.median(rim)))) * sheet
    strongest = float(np.percentile(ink[sheet], 99.5) if level else ink.max())
    if strongest < 0.1:
        raise DigitError("There is no ink to read: the picture is all of one tone.")
    return np.clip((ink / strongest - 0.15) / 0.85, 0, 1).astype(np.float32)


def _writing(grey: Ink, sheet: paper.Mask) -> Ink:
    """The ink of a sheet without its lines, its frame and, on a photograph, its specks."""
    low, high = np.percentile(grey[paper.rim_of(sheet)], (10, 90))
    photograph = bool(high - low > EVEN_PAPER) or not sheet.all()
    ink = _scaled(grey, sheet, photograph)
    frame = paper.drawn_frame(ink > 0.3)
    if frame is not None:
        ink = _without(ink, frame)
    faint = ink > FAINT_LINE
    is_ruled = (paper.without_lines(faint, sheet) ^ faint).sum() > RULED * faint.sum()
    return _only_the_digit(ink, sheet) if photograph or is_ruled else ink


def _only_the_digit(ink: Ink, sheet: paper.Mask) -> Ink:
    """The ink without the paper's ruled lines, specks, and what lies wholly at its edge."""
    from scipy import ndimage

    mask = paper.without_lines(ink > 0.35, sheet)
    pieces, count = ndimage.label(mask, np.ones((3, 3)))
    if not count:
        return ink
    areas = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
    inner = ndimage.binary_erosion(sheet, iterations=max(1, min(sheet.shape) // 40))
    reaching = np.bincount(pieces[inner], minlength=count + 1)[1:] > 0
    if reaching.any():
        areas = areas * reaching
    digit = np.isin(pieces, 1 + np.flatnonzero(areas >= 0.03 * areas.max()))
    return np.where(digit, np.maximum(ink, 0.6), ink * ndimage.binary_dilation(digit)).astype(
        np.float32
    )


def _without(ink: Ink, frame: paper.Mask) -> Ink:
    """The ink without some of it and its grey rim."""
    from scipy import ndimage

    return np.where(ndimage.binary_dilation(frame, iterations=2), 0, ink).astype(np.float32)


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
