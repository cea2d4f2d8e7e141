"""Convolution."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from cnn.network.layers._base import (
    Fix,
    Layer,
    LayerError,
    Shape,
    SlidingWindow,
    advanced,
    same_padding,
    same_positions,
)
from cnn.network.layers._init import Init, keras_init
from cnn.network.layers._source import TorchCall, call, unless


class Conv2d(Layer):
    """Convolution: slides `filters` learned kernels over the maps, one output map per filter.

    `(C, H, W)` to `(filters, H', W')`. With `groups` the maps are divided: each group of
    filters sees its own part of the input maps only; as many groups as maps is the depthwise
    convolution of MobileNet. `dilation` leaves gaps between the kernel's weights.
    """

    title = "Conv2d"
    group = "Feature extraction"
    icon = ":material/grid_on:"
    about = (
        "Slides small learned filters over the image. Each finds one pattern wherever it is: "
        "edges first, then corners, then whole parts of a digit."
    )
    works_on = "maps"
    torch_helpers = ("initialised",)

    kind: Literal["conv2d"] = "conv2d"
    filters: int = Field(
        16, ge=1, le=256, title="Filters", description="How many patterns it looks for."
    )
    kernel_size: int = Field(
        3, ge=1, le=11, title="Kernel", description="Side of the square window, in pixels."
    )
    stride: int = Field(
        1, ge=1, le=4, title="Stride", description="Pixels the window moves at each step."
    )
    padding: Literal["same", "valid"] = Field(
        "same",
        title="Padding",
        description="same: zeros around the border keep the size; valid: no zeros, maps shrink.",
    )
    bias: bool = Field(True, title="Bias", description="A learned number added to every output.")
    dilation: int = Field(
        1,
        ge=1,
        le=4,
        title="Dilation",
        description="Distance between the kernel's weights: 2 sees twice as far with as many.",
        json_schema_extra=advanced(),
    )
    groups: int = Field(
        1,
        ge=1,
        le=256,
        title="Groups",
        description="Divides the maps: as many groups as input maps is a depthwise convolution.",
        json_schema_extra=advanced(),
    )
    init: Init = "default"

    @property
    def summary(self) -> str:
        """Filters and kernel."""
        grouped = "" if self.groups == 1 else f", {self.groups} groups"
        return f"Conv {self.filters} × {self.kernel_size}×{self.kernel_size}{grouped}"

    @property
    def padding_before(self) -> int:
        """Rows of zeros added above the maps (and columns left of them)."""
        return same_padding(self.kernel_size, self.dilation) if self.padding == "same" else 0

    @property
    def _window(self) -> SlidingWindow:
        side = self.dilation * (self.kernel_size - 1) + 1
        return SlidingWindow(side, self.stride, self.padding_before)

    def _output_shape(self, shape: Shape) -> Shape:
        channels, height, width = shape
        self._check_groups(channels)
        window = self._window
        if self.padding == "same":
            if self.stride > 1 and window.size % 2 == 0:
                odd = self.kernel_size + 1 if self.kernel_size < 11 else self.kernel_size - 1
                raise LayerError(
                    f"'same' padding with stride {self.stride} needs an odd kernel, "
                    f"and {self.kernel_size} is even.",
                    f"Use kernel {odd}, stride 1, or 'valid' padding.",
                    Fix(f"Use kernel {odd}", {"kernel_size": odd}),
                    Fix("Use stride 1", {"stride": 1}),
                    Fix("Use 'valid' padding", {"padding": "valid"}),
                )
            return (self.filters, *(same_positions(side, self.stride) for side in (height, width)))
        if min(height, width) < window.size:
            raise self._too_large(height, width)
        return (self.filters, window.positions(height), window.positions(width))

    def _check_groups(self, channels: int) -> None:
        if channels % self.groups == 0 and self.filters % self.groups == 0:
            return
        most = math.gcd(self.groups, channels, self.filters)
        fixes = [Fix(f"Use groups {most}", {"groups": most})]
        if channels % self.groups == 0:  # only the number of filters does not fit
            filters = max(self.groups, self.filters // self.groups * self.groups)
            fixes.insert(0, Fix(f"Use {filters} filters", {"filters": filters}))
        raise LayerError(
            f"its {self.groups} groups must divide both its {channels} input maps and its "
            f"{self.filters} filters.",
            f"{fixes[0].label}, or groups 1.",
            *fixes,
        )

    def _too_large(self, height: int, width: int) -> LayerError:
        room = min(height, width)
        most = (room - 1) // self.dilation + 1
        side = self._window.size
        dilated = f" dilated to {side}×{side}" if self.dilation > 1 else ""
        fixes = [Fix("Use 'same' padding", {"padding": "same"})]
        fixes.append(Fix(f"Use kernel {most}", {"kernel_size": most}))
        if self.dilation > 1:
            fixes.append(Fix("Use dilation 1", {"dilation": 1}))
        return LayerError(
            f"its {self.kernel_size}×{self.kernel_size} window{dilated} is larger than its "
            f"{height}×{width} input.",
            f"Use a kernel of at most {most}, 'same' padding, or pool less above.",
            *fixes,
        )

    def parameters(self, shape: Shape) -> int:
        """One kernel per filter and input channel of its group, and a bias per filter."""
        return self.filters * (shape[0] // self.groups * self.kernel_size**2 + self.bias)

    def multiply_adds(self, shape: Shape) -> int:
        """Kernel size times the group's input channels, for every output value."""
        values = math.prod(self.output_shape(shape))
        return values * (shape[0] // self.groups) * self.kernel_size**2

    def windows(self) -> tuple[SlidingWindow, ...]:
        """The kernel."""
        return (self._window,)

    def torch_call(self, shape: Shape) -> TorchCall:
        """`nn.Conv2d(1, 16, 3, padding="same")`."""
        # Torch's own 'same' allows no stride; a number of pixels allows no even kernel.
        whole = self.padding == "same" and self.stride == 1
        return TorchCall(
            "nn.Conv2d",
            shape[0],
            self.filters,
            self.kernel_size,
            stride=unless(self.stride, 1),
            padding="same" if whole else unless(self.padding_before, 0),
            dilation=unless(self.dilation, 1),
            groups=unless(self.groups, 1),
            bias=unless(self.bias, True),
            init=self.init,
        )

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        """`Conv2D`, or `DepthwiseConv2D` where every map has its own filter."""
        # Keras pads strided 'same' convolutions unevenly; torch does not.
        uneven = self.padding == "same" and self.stride > 1
        before = (call("layers.ZeroPadding2D", self.padding_before),) if uneven else ()
        options = {
            "strides": unless(self.stride, 1),
            "padding": "same" if self.padding == "same" and not uneven else None,
            "dilation_rate": unless(self.dilation, 1),
            "use_bias": unless(self.bias, True),
        }
        if self.groups == shape[0] == self.filters and self.groups > 1:
            source = call("layers.DepthwiseConv2D", self.kernel_size, **options)
            return (*before, keras_init(source, self.init, "depthwise_initializer"))
        options["groups"] = unless(self.groups, 1)
        source = call("layers.Conv2D", self.filters, self.kernel_size, **options)
        return (*before, keras_init(source, self.init))
