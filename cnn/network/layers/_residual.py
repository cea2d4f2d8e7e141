"""The residual block."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from cnn.network.layers._base import Layer, Shape, SlidingWindow, same_padding, same_positions
from cnn.network.layers._source import TorchCall, call


class ResidualBlock(Layer):
    """Two convolutions and a shortcut connection (He and others, 2015, arXiv:1512.03385).

    `(C, H, W)` to `(filters, ⌈H/stride⌉, ⌈W/stride⌉)`.
    """

    title = "ResidualBlock"
    group = "Feature extraction"
    icon = ":material/alt_route:"
    about = (
        "Conv, batch norm, ReLU, conv, batch norm, and the block's own input added to the result "
        "before a last ReLU. The shortcut lets gradients reach the first layers of deep networks."
    )
    works_on = "maps"
    torch_helpers = ("ResidualBlock",)
    keras_helpers = ("ResidualBlock",)
    kind: Literal["residual_block"] = "residual_block"
    filters: int = Field(
        32, ge=1, le=256, title="Filters", description="Output maps of both convolutions."
    )
    kernel_size: Literal[3, 5, 7] = Field(
        3, title="Kernel", description="Side of both windows, in pixels."
    )
    stride: int = Field(
        1, ge=1, le=4, title="Stride", description="Of the first convolution: 2 halves the maps."
    )

    @property
    def summary(self) -> str:
        """Filters."""
        return f"Residual {self.filters}"

    def _projects(self, shape: Shape) -> bool:
        """Whether the shortcut needs a 1×1 convolution to fit the result's shape."""
        return self.stride > 1 or shape[0] != self.filters

    def _output_shape(self, shape: Shape) -> Shape:
        return (self.filters, *(same_positions(side, self.stride) for side in shape[1:]))

    def parameters(self, shape: Shape) -> int:
        """Two bias-free convolutions, their batch norms, and the 1×1 projection where needed."""
        area = self.kernel_size**2
        main = self.filters * area * (shape[0] + self.filters) + 4 * self.filters
        return main + (self.filters * (shape[0] + 2) if self._projects(shape) else 0)

    def multiply_adds(self, shape: Shape) -> int:
        """Of all its convolutions."""
        values = math.prod(self.output_shape(shape))
        per_value = self.kernel_size**2 * (shape[0] + self.filters)
        return values * (per_value + (shape[0] if self._projects(shape) else 0))

    def windows(self) -> tuple[SlidingWindow, ...]:
        """Both kernels; the shortcut sees no more than they do."""
        return tuple(
            SlidingWindow(self.kernel_size, stride, same_padding(self.kernel_size))
            for stride in (self.stride, 1)
        )

    def torch_call(self, shape: Shape) -> TorchCall:
        """`ResidualBlock(16, 32, 3, 2)`, a class that the script defines."""
        return TorchCall("ResidualBlock", shape[0], self.filters, self.kernel_size, self.stride)

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        """`ResidualBlock(32, 3, 2, project=True)`, a class that the script defines."""
        project = True if self._projects(shape) else None
        return (
            call("ResidualBlock", self.filters, self.kernel_size, self.stride, project=project),
        )
