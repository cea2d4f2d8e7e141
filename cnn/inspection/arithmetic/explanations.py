"""The kinds of arithmetic a network does, each with the numbers of one value and their sum.

Plain numpy: nothing here knows torch. `cnn.arithmetic` fills these in from a real forward pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cnn.network.layers import Layer

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Place:
    """Which value of which layer's part, and what the network computed for it."""

    number: int
    layer: Layer
    part: str
    channel: int
    row: int
    column: int
    value: float

    def at(self, values: Array) -> float:
        """The value at this place in maps or a vector of the same shape as the output's."""
        if values.ndim == 1:
            return float(values[self.channel])
        return float(values[self.channel, self.row, self.column])


@dataclass(frozen=True)
class Window:
    """A sliding window's place on its input: the rows and columns it reads, int `(k,)` each.

    Those below zero or beyond `size` (height, width) lie in the padding.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    size: tuple[int, int]

    @classmethod
    def at(
        cls,
        row: int,
        column: int,
        kernel: Sequence[int],
        stride: Sequence[int],
        padding: Sequence[int],
        dilation: Sequence[int],
        size: Sequence[int],
    ) -> Window:
        """The window that output `(row, column)` comes from; pairs are (down, across)."""
        return cls(
            row * stride[0] - padding[0] + dilation[0] * np.arange(kernel[0]),
            column * stride[1] - padding[1] + dilation[1] * np.arange(kernel[1]),
            (size[0], size[1]),
        )

    @classmethod
    def over(cls, size: Sequence[int]) -> Window:
        """The window that covers the whole map."""
        return cls(np.arange(size[0]), np.arange(size[1]), (size[0], size[1]))

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Which of its values lie on the map, bool `(k, k)`; the others are padding."""
        down = (self.rows >= 0) & (self.rows < self.size[0])
        across = (self.columns >= 0) & (self.columns < self.size[1])
        return down[:, None] & across[None, :]

    def cut(self, maps: Array, padding: float = 0.0) -> Array:
        """What the window sees: maps `(C, H, W)` to `(C, k, k)`, `padding` outside."""
        rows = self.rows.clip(0, self.size[0] - 1)
        columns = self.columns.clip(0, self.size[1] - 1)
        seen = maps[:, rows[:, None], columns[None, :]]
        return np.where(self.inside, seen, np.float32(padding))


@dataclass(frozen=True)
class Explanation:
    """One value and how it came about. `total` is computed from the numbers that are shown."""

    place: Place

    @property
    def value(self) -> float:
        """What the network itself computed."""
        return self.place.value

    @property
    def total(self) -> float:
        """The same from the shown numbers, in float64."""
        raise NotImplementedError


@dataclass(frozen=True)
class Convolution(Explanation):
    """A filter laid on a patch: products, their sum for each input channel, and the bias.

    `inputs` int `(C,)` names the input channels (with groups: only this filter's), `patch` and
    `weights` are float32 `(C, k, k)`, `bias` is None where the layer has none.
    """

    window: Window
    inputs: NDArray[np.int64]
    patch: Array
    weights: Array
    bias: float | None

    @cached_property
    def products(self) -> NDArray[np.float64]:
        """Patch times weights, `(C, k, k)`."""
        return self.patch.astype(np.float64) * self.weights

    @cached_property
    def sums(self) -> NDArray[np.float64]:
        """Each input channel's share of the value, `(C,)`."""
        return self.products.sum(axis=(1, 2))

    @property
    def order(self) -> NDArray[np.int64]:
        """Places in `inputs`, those that count most first."""
        return np.argsort(-np.abs(self.sums), kind="stable")

    @property
    def total(self) -> float:
        """The channels' sums and the bias."""
        return float(self.sums.sum() + (self.bias or 0.0))


@dataclass(frozen=True)
class Pooling(Explanation):
    """A window without weights: its largest value, its mean or its sum.

    `how` is "max", "mean" or "sum"; `patch` float32 `(k, k)`.
    """

    how: str
    window: Window
    patch: Array

    @property
    def winner(self) -> tuple[int, int]:
        """Row and column, within the patch, of the largest value (the first of equals)."""
        row, column = np.unravel_index(int(self.patch.argmax()), self.patch.shape)
        return int(row), int(column)

    @property
    def total(self) -> float:
        """The window's maximum, mean or sum."""
        return float(getattr(self.patch.astype(np.float64), self.how)())


@dataclass(frozen=True)
class Normalisation(Explanation):
    """Batch norm of one value, with the mean and variance gathered while training."""

    x: float
    mean: float
    variance: float
    epsilon: float
    scale: float
    shift: float

    @property
    def normalised(self) -> float:
        """How many standard deviations the value lies from the mean."""
        return (self.x - self.mean) / math.sqrt(self.variance + self.epsilon)

    @property
    def total(self) -> float:
        """Scaled and shifted."""
        return self.normalised * self.scale + self.shift


@dataclass(frozen=True)
class Products(Explanation):
    """A unit of a Linear layer: inputs times weights, float32 `(n,)` each, and the bias."""

    inputs: Array
    weights: Array
    bias: float

    @cached_property
    def products(self) -> NDArray[np.float64]:
        """Inputs times weights, `(n,)`."""
        return self.inputs.astype(np.float64) * self.weights

    def top(self, count: int = 10) -> tuple[NDArray[np.int64], float]:
        """The inputs that count most, int `(count,)`, and the sum of all other products."""
        order = np.argsort(-np.abs(self.products), kind="stable")
        return order[:count], float(self.products[order[count:]].sum())

    @property
    def total(self) -> float:
        """All products and the bias."""
        return float(self.products.sum() + self.bias)


@dataclass(frozen=True)
class Shares(Explanation):
    """Softmax: `exp` of every score, float64 `(n,)`, divided by the sum of them all."""

    scores: NDArray[np.float64]

    @property
    def exponentials(self) -> NDArray[np.float64]:
        """`exp(score - largest score)`: the same shares, and no overflow."""
        return np.exp(self.scores - self.scores.max())

    @property
    def total(self) -> float:
        """This one's share."""
        return float(self.exponentials[self.place.channel] / self.exponentials.sum())


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


# The activation functions of one number. Softmax is not among them: it needs all of them.
FUNCTIONS: dict[str, Callable[[float], float]] = {
    "relu": lambda x: max(x, 0.0),
    "leaky_relu": lambda x: x if x > 0 else 0.01 * x,
    "gelu": lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2,
    "silu": lambda x: x * _sigmoid(x),
    "tanh": math.tanh,
    "sigmoid": _sigmoid,
    "log_sigmoid": lambda x: min(x, 0.0) - math.log1p(math.exp(-abs(x))),
}


@dataclass(frozen=True)
class Function(Explanation):
    """An activation function of one number; `name` is one of `FUNCTIONS`."""

    name: str
    x: float

    @property
    def total(self) -> float:
        """The function of `x`."""
        return FUNCTIONS[self.name](self.x)


@dataclass(frozen=True)
class Sum(Explanation):
    """A residual block's two ways, added."""

    main: float
    shortcut: float

    @property
    def total(self) -> float:
        """The convolutions' result plus the shortcut's."""
        return self.main + self.shortcut


@dataclass(frozen=True)
class Copy(Explanation):
    """A value handed on as it is; `source` is its channel, row and column in the input."""

    source: tuple[int, int, int]
    x: float

    @property
    def total(self) -> float:
        """The input."""
        return self.x
