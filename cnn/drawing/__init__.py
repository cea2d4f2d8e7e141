"""From a drawing to the 28×28 image the network expects, in the manner MNIST itself was made.

LeCun and others: crop to the ink, scale its longest side to 20 pixels keeping its proportions,
place its centre of mass in the middle of 28×28. `strokes` draws the digit anew from the pen's
own path with one line width, so that brush, size and place cannot matter; `pixels` finds the
ink on a picture, and draws anew what a fine pen wrote. Where lines become pixels: `rasteriser`.
"""

from __future__ import annotations

from cnn.drawing.ink import DigitError, Ink, Prepared, Stroke
from cnn.drawing.pixels import PICTURE_TYPES, from_image, from_pixels, ink_of, open_image
from cnn.drawing.segmentation import split_pixels, split_strokes
from cnn.drawing.strokes import FabricDrawing, from_strokes, sheet, strokes_from_canvas

__all__ = [
    "PICTURE_TYPES",
    "DigitError",
    "FabricDrawing",
    "Ink",
    "Prepared",
    "Stroke",
    "from_image",
    "from_pixels",
    "from_strokes",
    "ink_of",
    "open_image",
    "sheet",
    "split_pixels",
    "split_strokes",
    "strokes_from_canvas",
]
