"""Which input pixels one value of the network can see, from the architecture alone.

Dumoulin and Visin, 2016, arXiv:1603.07285; Araujo, Norris and Sim, 2019, Distill,
doi:10.23915/distill.00021.
"""

from __future__ import annotations

from typing import NamedTuple

from cnn.network.architecture import INPUT_SHAPE, Architecture
from cnn.network.layers import Conv2d, Layer, ResidualBlock, Shape


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


class ReceptiveField(NamedTuple):
    """What one value sees of the input image.

    `box` holds the pixels it can depend on; `unclipped` is the same without regard to the borders
    of the image and of every map between, so it may reach outside.
    """

    box: Box
    unclipped: Box


class _Reach(NamedTuple):
    """One sliding window: `before` is how far it reaches above (and left of) its first place."""

    kernel: int
    stride: int
    before: int
    dilation: int = 1

    def back(self, first: int, last: int) -> tuple[int, int]:
        """The input positions, both included, that output positions `first..last` come from."""
        reach = (self.kernel - 1) * self.dilation
        return first * self.stride - self.before, last * self.stride - self.before + reach


def _reaches(layer: Layer) -> list[_Reach]:
    """The windows inside a layer, in the order in which data flows."""
    if not getattr(layer, "enabled", True):
        return []
    if isinstance(layer, Conv2d):
        dilation = getattr(layer, "dilation", 1)
        before = dilation * (layer.kernel_size - 1) // 2 if layer.padding == "same" else 0
        return [_Reach(layer.kernel_size, layer.stride, before, dilation)]
    if isinstance(layer, ResidualBlock):  # its shortcut sees no more than its convolutions
        before = layer.kernel_size // 2
        return [
            _Reach(layer.kernel_size, layer.stride, before),
            _Reach(layer.kernel_size, 1, before),
        ]
    return [_Reach(kernel, stride, 0) for kernel, stride in layer.windows()]


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
    whole = Box(0, 0, *INPUT_SHAPE[1:])
    if len(out) == 1:
        return ReceptiveField(whole, whole)
    tight, loose = ((row, row), (column, column)), ((row, row), (column, column))
    for place in reversed(rows[:number]):
        shape, reaches = place.input_shape, _reaches(place.layer)
        assert shape is not None
        for index in reversed(range(len(reaches))):
            size = _size_before(shape, place.output_shape, index)
            reach = reaches[index]
            loose = (reach.back(*loose[0]), reach.back(*loose[1]))
            tight = (
                _clip(reach.back(*tight[0]), size[0]),
                _clip(reach.back(*tight[1]), size[1]),
            )
    return ReceptiveField(_box(tight), _box(loose))


def _size_before(shape: Shape, out: Shape | None, index: int) -> tuple[int, int]:
    """Height and width of what window `index` of a layer slides over.

    Only the residual block has a second window, and it slides over maps of the output's size.
    """
    _, height, width = shape if index == 0 or out is None else out
    return height, width


def _clip(span: tuple[int, int], size: int) -> tuple[int, int]:
    return max(span[0], 0), min(span[1], size - 1)


def _box(spans: tuple[tuple[int, int], tuple[int, int]]) -> Box:
    (top, bottom), (left, right) = spans
    return Box(top, left, bottom + 1, right + 1)
