"""A window that slides over maps: what a convolution or pooling adds up at every place.

Every number comes from the layer's own weights and its real input.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from cnn.inspection.arithmetic.explanations import Array, Explanation, Place
from cnn.network.layers import same_padding

Pair = tuple[int, int]


@dataclass(frozen=True)
class WindowSum(Explanation):
    """One output map of a layer with a sliding window, and one place on it.

    `kind` is "conv", "max", "avg" or "sum". `inputs` float32 `(C, H, W)` are the maps it reads,
    `channels` their numbers (with groups: only this filter's); `kernels` `(C, k, k)`, None for
    pooling; `sums` `(C, H', W')` what each input map adds; `output` `(H', W')` the layer's own
    result. Kernel, stride, padding and dilation are (down, across), in pixels. In a residual block
    `after` has the title and the map of every operation up to the next convolution.
    """

    kind: str
    name: str
    channels: list[int]
    inputs: Array
    kernels: Array | None
    sums: Array
    bias: float
    output: Array
    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    after: list[tuple[str, Array]] = field(default_factory=list)

    @property
    def total(self) -> float:
        """The input maps' sums at this place, and the bias."""
        sums = self.sums[:, self.place.row, self.place.column].astype(np.float64)
        return float(sums.sum() + self.bias)


def padding_before(conv: nn.Conv2d) -> int:
    """Pixels of padding above and to the left of the maps (kernels are square)."""
    if conv.padding == "same":
        return same_padding(conv.kernel_size[0], conv.dilation[0])
    return 0 if conv.padding == "valid" else conv.padding[0]


def convolution(
    place: Place,
    value: float,
    name: str,
    conv: nn.Conv2d,
    x: Tensor,
    after: list[tuple[str, NDArray[np.float32]]] | None = None,
) -> WindowSum:
    """The window of a convolution on `x (1, C, H, W)`, for output map `place.channel`."""
    channel = place.channel
    with torch.inference_mode():
        output = conv(x)[0, channel].float().numpy()
        weight = conv.weight[channel].detach().float()  # (C / groups, k, k)
        count = len(weight)
        first = channel // (conv.out_channels // conv.groups) * count
        maps = x[0, first : first + count].float()
        sums = F.conv2d(
            maps[None], weight[:, None], None, conv.stride, conv.padding, conv.dilation, count
        )
    return WindowSum(
        place,
        value,
        kind="conv",
        name=name,
        channels=list(range(first, first + count)),
        inputs=maps.numpy(),
        kernels=weight.numpy(),
        sums=sums[0].numpy(),
        bias=0.0 if conv.bias is None else conv.bias[channel].item(),
        output=output,
        kernel=conv.kernel_size,
        stride=conv.stride,
        padding=(padding_before(conv),) * 2,
        dilation=conv.dilation,
        after=after or [],
    )


def pooling(place: Place, value: float, name: str, module: nn.Module, x: Tensor) -> WindowSum:
    """The window of a MaxPool2d, AvgPool2d or SumPool2d on `x (1, C, H, W)`."""
    with torch.inference_mode():
        output = module(x)[0, place.channel].float().numpy()
    return WindowSum(
        place,
        value,
        kind=type(module).__name__.removesuffix("Pool2d").lower(),
        name=name,
        channels=[place.channel],
        inputs=x[0, place.channel : place.channel + 1].float().numpy(),
        kernels=None,
        sums=output[None],
        bias=0.0,
        output=output,
        kernel=_pair(module.kernel_size),
        stride=_pair(module.stride),
        padding=_pair(getattr(module, "padding", 0)),
        dilation=(1, 1),
    )


def _pair(value: int | Pair) -> Pair:
    return (value, value) if isinstance(value, int) else value
