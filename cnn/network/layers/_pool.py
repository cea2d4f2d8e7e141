"""Pooling: each window of a map becomes one number; nothing is learned.

Torch is imported when `module` is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from cnn.network.layers._base import Fix, Layer, LayerError, Shape, SlidingWindow, call

if TYPE_CHECKING:
    from torch import nn


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

    @property
    def _stride(self) -> int | None:
        """None where it is the window's side, the default in torch and in Keras."""
        return None if self.stride == self.kernel_size else self.stride

    def torch_source(self, shape: Shape) -> str:
        return call(f"nn.{self.title}", self.kernel_size, stride=self._stride)

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        return (call(f"layers.{self.keras_class}", self.kernel_size, strides=self._stride),)


class MaxPool2d(_Pool):
    """Keeps the largest value of each window."""

    title = "MaxPool2d"
    about = "Keeps the strongest response of each window: was the pattern here?"
    keras_class = "MaxPooling2D"
    kind: Literal["max_pool2d"] = "max_pool2d"

    def module(self, shape: Shape) -> nn.Module:
        """`torch.nn.MaxPool2d`."""
        from torch import nn

        return nn.MaxPool2d(self.kernel_size, self.stride)


class AvgPool2d(_Pool):
    """Keeps the mean of each window."""

    title = "AvgPool2d"
    about = "Keeps the mean of each window: how much of the pattern was here?"
    kind: Literal["avg_pool2d"] = "avg_pool2d"

    def module(self, shape: Shape) -> nn.Module:
        """`cnn.network.modules.AvgPool2d`: `torch.nn.AvgPool2d` with a faster gradient."""
        from cnn.network.modules import AvgPool2d as Module

        return Module(self.kernel_size, self.stride)


class SumPool2d(_Pool):
    """Keeps the sum of each window: average pooling times the window's area."""

    title = "SumPool2d"
    about = "Adds the values of each window: like the average, but not divided."
    torch_helpers = ("SumPool2d",)
    kind: Literal["sum_pool2d"] = "sum_pool2d"

    def module(self, shape: Shape) -> nn.Module:
        """`cnn.network.modules.SumPool2d`."""
        from cnn.network.modules import SumPool2d as Module

        return Module(self.kernel_size, self.stride)

    def torch_source(self, shape: Shape) -> str:
        """`SumPool2d(2, 2)`, a class that the script defines."""
        return call("SumPool2d", self.kernel_size, self.stride)

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        """Average pooling times the window's area."""
        return (*super().keras_source(shape), f"layers.Rescaling({self.kernel_size**2})")
