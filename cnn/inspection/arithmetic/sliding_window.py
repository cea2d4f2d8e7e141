"""A window sliding over maps, taken apart: what a convolution or pooling adds up at every place.

Every number comes from the layer's own weights and its real input; `total` is what the module
itself put out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnn.network.layers import Layer

if TYPE_CHECKING:
    from cnn.inspection.arithmetic.explain import Explainer

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Window:
    """One output map of a layer with a sliding window.

    `inputs` are the maps it reads, `(C, H, W)`; `kernels` `(C, k, k)`, or None for pooling;
    `sums` `(C, H', W')` what each input map contributes; `total` `(H', W')` the output.
    """

    kind: str
    name: str
    channels: list[int]
    inputs: Array
    kernels: Array | None
    sums: Array
    bias: float
    total: Array
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    after: list[tuple[str, Array]] = field(default_factory=list)


def _pair(value: Any) -> tuple[int, int]:
    return (int(value), int(value)) if isinstance(value, int) else (int(value[0]), int(value[1]))


def convolution(name: str, conv: Any, x: Any, channel: int) -> Window:
    """Output map `channel` of a `torch.nn.Conv2d` on `x (1, C, H, W)`, per input map."""
    import torch
    import torch.nn.functional as F

    with torch.inference_mode():
        total = conv(x)[0, channel].float().numpy()
        weight = conv.weight[channel].detach().float()  # (C / groups, k, k)
        count = len(weight)
        first = channel // (conv.out_channels // conv.groups) * count
        maps = x[0, first : first + count].float()
        sums = F.conv2d(
            maps[None], weight[:, None], None, conv.stride, conv.padding, conv.dilation, count
        )[0].numpy()
    kernel, dilation = _pair(conv.kernel_size), _pair(conv.dilation)
    if conv.padding == "same":
        padding = tuple(d * (k - 1) // 2 for d, k in zip(dilation, kernel, strict=True))
    else:
        padding = (0, 0) if conv.padding == "valid" else _pair(conv.padding)
    bias = 0.0 if conv.bias is None else conv.bias[channel].item()
    return Window(
        "conv", name, list(range(first, first + count)), maps.numpy(), weight.numpy(), sums, bias,
        total, kernel, _pair(conv.stride), _pair(padding), dilation,
    )  # fmt: skip


def pooling(layer: Layer, module: Any, x: Any, channel: int) -> Window:
    """Output map `channel` of a pooling on `x (1, C, H, W)`."""
    import torch

    with torch.inference_mode():
        total = module(x)[0, channel].float().numpy()
    return Window(
        layer.kind.removesuffix("_pool2d"), layer.summary, [channel],
        x[0, channel : channel + 1].float().numpy(), None, total[None], 0.0, total,
        _pair(module.kernel_size), _pair(module.stride),
        _pair(getattr(module, "padding", 0) or 0), (1, 1),
    )  # fmt: skip


def window(explainer: Explainer, number: int, channel: int, part: str = "output") -> Window | None:
    """The sliding window that makes map `channel` of a layer's part; None where none slides.

    In a residual block `after` holds what the steps up to the next convolution make of the map.
    """
    import torch
    from torch import nn

    from cnn.network.modules import SumPool2d

    steps = explainer.operations(number)
    at = next(i for i, step in enumerate(steps) if step.name == part)
    step = steps[at]
    if step.function or len(step.inputs) > 1:
        return None
    module = explainer.modules[number - 1].get_submodule(step.path)
    inputs = explainer.values(number, step.inputs[0])
    x = torch.from_numpy(inputs)[None]
    if isinstance(module, nn.Conv2d):
        found = convolution(step.title, module, x, channel)
    elif isinstance(module, nn.MaxPool2d | nn.AvgPool2d | SumPool2d):
        layer = explainer.architecture.all_layers[number - 1]
        return pooling(layer, module, x, channel)
    else:
        return None
    last = step.name
    for following in steps[at + 1 :]:
        if last not in following.inputs:
            continue
        if following.path.startswith("conv"):
            break
        found.after.append((following.title, explainer.values(number, following.name)[channel]))
        last = following.name
    return found
