"""Torch modules that torch does not have itself, and faster versions of some that it has."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class AvgPool2d(nn.AvgPool2d):
    """`nn.AvgPool2d`, in bf16 on the CPU with a backward pass of half the time.

    Where windows do not overlap and cover the maps, the gradient of their mean is each output's
    gradient repeated over its window: `interpolate` does that faster than PyTorch's own kernel
    (2.14), in bf16 only.
    """

    def forward(self, input: Tensor) -> Tensor:
        """`(N, C, H, W)` to `(N, C, H', W')`, float."""
        side = self.kernel_size
        learns = self.training and input.requires_grad and input.device.type == "cpu"
        tiled = side == self.stride and input.shape[-2] % side == input.shape[-1] % side == 0
        if learns and tiled and input.dtype == torch.bfloat16:
            return _TiledMean.apply(input, side)
        return super().forward(input)


class _TiledMean(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, side: int) -> Tensor:
        ctx.side = side
        return F.avg_pool2d(x, side)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:
        share = gradient / ctx.side**2
        return F.interpolate(share, scale_factor=ctx.side, mode="nearest"), None


class SumPool2d(nn.Module):
    """Sums each window: `(N, C, H, W)` to `(N, C, H', W')`, float. No parameters."""

    def __init__(self, kernel_size: int, stride: int):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride

    def forward(self, x: Tensor) -> Tensor:
        """Average pooling times the window's area: ONNX has no other divisor."""
        return F.avg_pool2d(x, self.kernel_size, self.stride) * self.kernel_size**2


class GlobalAvgPool(nn.Module):
    """The mean of each map: `(N, C, H, W)` to `(N, C)`. No parameters."""

    def forward(self, x: Tensor) -> Tensor:
        """Mean over height and width."""
        return x.mean(dim=(2, 3))


class ResidualBlock(nn.Module):
    """conv-bn-relu-conv-bn plus the input, then relu: `(N, C, H, W)` to `(N, filters, H', W')`.

    He and others, 2015, arXiv:1512.03385, figure 2; where the shape changes, the shortcut is a
    1×1 convolution with batch norm (their option B).
    """

    def __init__(self, channels: int, filters: int, kernel_size: int, stride: int):
        super().__init__()
        padding = kernel_size // 2
        self.conv1 = nn.Conv2d(channels, filters, kernel_size, stride, padding, bias=False)
        self.norm1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, kernel_size, 1, padding, bias=False)
        self.norm2 = nn.BatchNorm2d(filters)
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or channels != filters:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters)
            )

    def forward(self, x: Tensor) -> Tensor:
        """ReLU of the sum of convolutions and shortcut."""
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class Flatten(nn.Flatten):
    """`(N, C, H, W)` to `(N, C·H·W)`, as `nn.Flatten`; its gradient keeps the maps' memory layout.

    The gradient of a flattening is not channels-last where the maps were, and max-pooling's
    backward pass takes two and a half times as long on it (CPU, PyTorch 2.14) as on a copy that
    is.
    """

    def forward(self, input: Tensor) -> Tensor:
        """One vector per image."""
        learns = self.training and input.requires_grad and input.device.type == "cpu"
        if learns and input.is_contiguous(memory_format=torch.channels_last):
            input.register_hook(_channels_last)
        return super().forward(input)


def _channels_last(gradient: Tensor) -> Tensor:
    return gradient.contiguous(memory_format=torch.channels_last)


class Dropout(nn.Dropout):
    """`nn.Dropout`, with sixteen random bits to a value on the CPU: any shape to the same.

    PyTorch draws one number of the Mersenne twister for each value, in one thread: a fifth of
    Classic MNIST CNN's training time. Here one 64-bit number decides on four values; the rate is
    exact to 1/65,536.
    """

    def forward(self, input: Tensor) -> Tensor:
        """In training, a random share `p` of the values is zero and the rest `1 / (1 - p)` times
        as large; otherwise the input itself."""
        if not self.training or self.p == 0 or input.device.type != "cpu":
            return super().forward(input)
        count = input.numel()
        bits = torch.empty((count + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
        drawn = bits.view(torch.int16)[:count]  # uniform in -32,768 ... 32,767
        kept = (drawn >= round(self.p * 2**16) - 2**15).to(input.dtype).div_(1 - self.p)
        order = torch.empty_like(input).stride()  # laid out in memory as the input is
        return input * kept.as_strided(input.shape, order)


class Classifier(nn.Linear):
    """The last layer: `(N, features)` to logits `(N, classes)`, float32.

    With `softmax` they are the weighted sums. With `sigmoid` they are `log(sigmoid(z))`:
    cross-entropy over those is what Keras computes for a sigmoid layer under (sparse) categorical
    cross-entropy, where each output has a sigmoid of its own and the results are divided by their
    sum. Either way `softmax(logits)` are the class probabilities.
    """

    def __init__(self, features: int, classes: int, output: str = "softmax"):
        super().__init__(features, classes)
        self.output = output

    def forward(self, x: Tensor) -> Tensor:
        """Logits; float32 even under autocast, since the loss needs the precision."""
        sums = super().forward(x).float()
        return F.logsigmoid(sums) if self.output == "sigmoid" else sums


def initialised(module: nn.Module, how: str) -> nn.Module:
    """The same module with its weights initialised as `how` says and its bias at zero.

    `kaiming`: He and others, 2015, arXiv:1502.01852; `xavier`: Glorot and Bengio, 2010;
    `orthogonal`: Saxe and others, 2013, arXiv:1312.6120; `wide` and `zeros` are bad on purpose.
    """
    if how == "kaiming":
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    elif how == "xavier":
        nn.init.xavier_uniform_(module.weight)
    elif how == "orthogonal":
        nn.init.orthogonal_(module.weight)
    elif how == "wide":
        nn.init.normal_(module.weight)
    else:
        nn.init.zeros_(module.weight)
    if module.bias is not None:
        nn.init.zeros_(module.bias)
    return module


def is_finite(model: nn.Module) -> bool:
    """Whether every weight of `model` is finite (neither NaN nor infinite)."""
    return all(bool(torch.isfinite(p).all()) for p in model.parameters())
