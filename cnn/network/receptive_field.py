"""Which input pixels one value of the network can see, from the architecture alone.

Dumoulin and Visin, 2016, arXiv:1603.07285; Araujo, Norris and Sim, 2019, Distill,
doi:10.23915/distill.00021.
"""

from __future__ import annotations

from typing import NamedTuple

from cnn.network.architecture import INPUT_SHAPE, Architecture
from cnn.network.layers import SlidingWindow


class Box(NamedTuple):
    """A rectangle of pixels, as a slice names it: `bottom` and `right` are the first outside."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Rows in it."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns in it."""
        return self.right - self.left

    def before(self, window: SlidingWindow) -> Box:
        """The input values that the output values in this box are computed from."""
        first = window.padding_before
        return Box(
            self.top * window.stride - first,
            self.left * window.stride - first,
            (self.bottom - 1) * window.stride - first + window.size,
            (self.right - 1) * window.stride - first + window.size,
        )

    def within(self, height: int, width: int) -> Box:
        """The part of it that lies on maps of that size."""
        return Box(
            max(self.top, 0),
            max(self.left, 0),
            min(self.bottom, height),
            min(self.right, width),
        )


class ReceptiveField(NamedTuple):
    """What one value sees of the input image.

    `box` holds the pixels it can depend on; `unclipped` is the same without regard to the borders
    of the image and of every map between, so it may reach outside.
    """

    box: Box
    unclipped: Box


def receptive_field(
    architecture: Architecture, number: int, row: int = 0, column: int = 0
) -> ReceptiveField:
    """The input pixels that value `(row, column)` of any map of layer `number` (from 1) can see.

    Flat layers see the whole image, whatever row and column. Raises ValueError for a layer that
    does not exist or gets no input.
    """
    rows = architecture.table()
    if not 1 <= number <= len(rows) or (out := rows[number - 1].output_shape) is None:
        raise ValueError(f"There is no working layer {number} in this network.")
    if len(out) == 1:
        whole = Box(0, 0, *INPUT_SHAPE[1:])
        return ReceptiveField(whole, whole)
    box = unclipped = Box(row, column, row + 1, column + 1)
    for place in reversed(rows[:number]):
        assert place.input_shape and place.output_shape
        windows = () if place.skipped else place.layer.windows()
        for index, window in reversed(list(enumerate(windows))):
            # Only the residual block has a second window; it slides over maps of the output's size.
            _, height, width = place.output_shape if index else place.input_shape
            unclipped = unclipped.before(window)
            box = box.before(window).within(height, width)
    return ReceptiveField(box, unclipped)
