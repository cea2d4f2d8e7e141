"""Pooling: each window of a map becomes one number; nothing is learned."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from cnn.network.layers._base import Fix, Layer, LayerError, Shape, SlidingWindow
from cnn.network.layers._source import TorchCall, call, unless


class _Pool(Layer):
    """What the three poolings share: `(C, H, W)` to `(C, H', W')`."""

    group = "Down-sampling"
    icon = ":material/compress:"
    works_on = "maps"
    keras_class: ClassVar[str] = "AveragePooling2D"

    kernel_size: int = Field(
        2, ge=1, le=7, title="Window", description="Side of the square window, in pixels."
    )
    stride: int = Field(
        2, ge=1, le=7, title="Stride", description="Pixels the window moves at each step."
    )

    @property
    def summary(self) -> str:
        return f"{self.title.removesuffix('2d')} {self.kernel_size}×{self.kernel_size}"

    def _output_shape(self, shape: Shape) -> Shape:
        channels, height, width = shape
        room = min(height, width)
        if room < self.kernel_size:
            left = "nothing is left to pool" if height == 1 else "the window does not fit"
            fixes = [Fix(f"Use window {room}", {"kernel_size": room})] if room > 1 else []
            raise LayerError(
                f"its input is {height}×{width}, {left}.",
                "Remove it, or keep the maps larger above ('same' padding, fewer poolings).",
                *fixes,
            )
        (window,) = self.windows()
        return (channels, window.positions(height), window.positions(width))

    def windows(self) -> tuple[SlidingWindow, ...]:
        return (SlidingWindow(self.kernel_size, self.stride),)

    def torch_call(self, shape: Shape) -> TorchCall:
        stride = unless(self.stride, self.kernel_size)
        return TorchCall(f"nn.{self.title}", self.kernel_size, stride=stride)

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        strides = unless(self.stride, self.kernel_size)
        return (call(f"layers.{self.keras_class}", self.kernel_size, strides=strides),)


class MaxPool2d(_Pool):
    """Keeps the largest value of each window."""

    title = "MaxPool2d"
    about = "Keeps the strongest response of each window: was the pattern here?"
    keras_class = "MaxPooling2D"
    kind: Literal["max_pool2d"] = "max_pool2d"


class AvgPool2d(_Pool):
    """Keeps the mean of each window."""

    title = "AvgPool2d"
    about = "Keeps the mean of each window: how much of the pattern was here?"
    kind: Literal["avg_pool2d"] = "avg_pool2d"


class SumPool2d(_Pool):
    """Keeps the sum of each window: average pooling times the window's area."""

    title = "SumPool2d"
    about = "Adds the values of each window: like the average, but not divided."
    torch_helpers = ("SumPool2d",)
    kind: Literal["sum_pool2d"] = "sum_pool2d"

    def torch_call(self, shape: Shape) -> TorchCall:
        """`SumPool2d(2, 2)`, a class that the script defines."""
        return TorchCall("SumPool2d", self.kernel_size, self.stride)

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        """Average pooling times the window's area."""
        return (*super().keras_source(shape), f"layers.Rescaling({self.kernel_size**2})")
