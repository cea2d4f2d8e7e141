"""Pooling: a window without weights that keeps one number of what it sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from cnn.network.layers._base import Fix, Group, Layer, LayerError, Shape, WorksOn, call, slid

if TYPE_CHECKING:
    from torch import nn


class _Pool(Layer):
    """What the three poolings share: `(C, H, W)` to `(C, H', W')`."""

    group: ClassVar[Group] = "Down-sampling"
    icon: ClassVar[str] = ":material/compress:"
    works_on: ClassVar[WorksOn] = "maps"

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
        return (
            channels,
            slid(height, self.kernel_size, self.stride),
            slid(width, self.kernel_size, self.stride),
        )

    def windows(self) -> tuple[tuple[int, int], ...]:
        return ((self.kernel_size, self.stride),)

    @property
    def _torch_stride(self) -> int | None:
        """Left unsaid where it is the window's side, in torch and in Keras."""
        return None if self.stride == self.kernel_size else self.stride


class MaxPool2d(_Pool):
    """Keeps the largest value of each window."""

    title: ClassVar[str] = "MaxPool2d"
    about: ClassVar[str] = "Keeps the strongest response of each window: was the pattern here?"
    kind: Literal["max_pool2d"] = "max_pool2d"

    def module(self, shape: Shape) -> nn.Module:
        """`torch.nn.MaxPool2d`."""
        from torch import nn

        return nn.MaxPool2d(self.kernel_size, self.stride)

    def torch_source(self, shape: Shape) -> str:
        """`nn.MaxPool2d(2)`."""
        return call("nn.MaxPool2d", self.kernel_size, stride=self._torch_stride)

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        """`MaxPooling2D`."""
        return (call("layers.MaxPooling2D", self.kernel_size, strides=self._torch_stride),)


class AvgPool2d(_Pool):
    """Keeps the mean of each window."""

    title: ClassVar[str] = "AvgPool2d"
    about: ClassVar[str] = "Keeps the mean of each window: how much of the pattern was here?"
    kind: Literal["avg_pool2d"] = "avg_pool2d"

    def module(self, shape: Shape) -> nn.Module:
        """`cnn.modules.AvgPool2d`: `torch.nn.AvgPool2d` with a quicker gradient."""
        from cnn.network.modules import AvgPool2d as Module

        return Module(self.kernel_size, self.stride)

    def torch_source(self, shape: Shape) -> str:
        """`nn.AvgPool2d(2)`."""
        return call("nn.AvgPool2d", self.kernel_size, stride=self._torch_stride)

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        """`AveragePooling2D`."""
        return (call("layers.AveragePooling2D", self.kernel_size, strides=self._torch_stride),)


class SumPool2d(_Pool):
    """Keeps the sum of each window: average pooling times the window's area."""

    title: ClassVar[str] = "SumPool2d"
    about: ClassVar[str] = "Adds the values of each window: like the average, but not divided."
    torch_helpers: ClassVar[tuple[str, ...]] = ("SumPool2d",)
    kind: Literal["sum_pool2d"] = "sum_pool2d"

    def module(self, shape: Shape) -> nn.Module:
        """`cnn.modules.SumPool2d`."""
        from cnn.network.modules import SumPool2d as Module

        return Module(self.kernel_size, self.stride)

    def torch_source(self, shape: Shape) -> str:
        """`SumPool2d(2, 2)`, a class of ours."""
        return call("SumPool2d", self.kernel_size, self.stride)

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        """Average pooling times the window's area."""
        average = call("layers.AveragePooling2D", self.kernel_size, strides=self._torch_stride)
        return (average, f"layers.Rescaling({self.kernel_size**2})")
