"""The few torch modules that torch does not have itself."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SumPool2d(nn.Module):
    """Sums each window: `(N, C, H, W)` to `(N, C, H', W')`, float. No parameters."""

    def __init__(self, kernel_size: int, stride: int):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride

    def forward(self, x: Tensor) -> Tensor:
        """Average pooling times the window's area: ONNX knows no other divisor."""
        return F.avg_pool2d(x, self.kernel_size, self.stride) * self.kernel_size**2


class GlobalAvgPool(nn.Module):
    """The mean of each map: `(N, C, H, W)` to `(N, C)`. No parameters."""

    def forward(self, x: Tensor) -> Tensor:
        """Mean over height and width."""
        return x.mean(dim=(2, 3))


class ResidualBlock(nn.Module):
    """conv-bn-relu-conv-bn plus the input, then relu: `(N, C, H, W)` to `(N, filters, H', W')`.

    He and others, 2015, arXiv:1512.03385, figure 2; where the shape changes, the way around is a
    1×1 convolution with batch norm (their option B).
    """

    def __init__(self, channels: int, filters: int, kernel_size: int, stride: int):
        super().__init__()
        padding = kernel_size // 2
        self.conv1 = nn.Conv2d(channels, filters, kernel_size, stride, padding, bias=False)
        self.norm1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, kernel_size, 1, padding, bias=False)
        self.norm2 = nn.BatchNorm2d(filters)
        self.around: nn.Module = nn.Identity()
        if stride > 1 or channels != filters:
            self.around = nn.Sequential(
                nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters)
            )

    def forward(self, x: Tensor) -> Tensor:
        """The sum of both ways, rectified."""
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.around(x))


class Classifier(nn.Linear):
    """The head: `(N, features)` to log-scores `(N, classes)`, float32.

    With `softmax` the log-scores are the plain logits. With `sigmoid` they are `log(sigmoid(z))`:
    cross-entropy over those is what Keras computes for a sigmoid layer under (sparse) categorical
    cross-entropy, where each output is squashed by itself and the outputs are then brought to sum
    1. Either way `softmax(log_scores)` are the class probabilities.
    """

    def __init__(self, features: int, classes: int, output: str = "softmax"):
        super().__init__(features, classes)
        self.output = output

    def forward(self, x: Tensor) -> Tensor:
        """Log-scores; float32 even under autocast, since the loss needs the precision."""
        scores = super().forward(x).float()
        return F.logsigmoid(scores) if self.output == "sigmoid" else scores


def initialised(module: nn.Module, how: str) -> nn.Module:
    """`module` with its weights drawn anew and its bias at zero; returns the same module.

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
    """Whether every weight of `model` is a number (neither NaN nor infinite)."""
    return all(bool(torch.isfinite(p).all()) for p in model.parameters())
