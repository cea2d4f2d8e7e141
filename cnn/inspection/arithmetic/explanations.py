"""The kinds of arithmetic a network does, each with the numbers of one value and their sum.

Plain numpy; `explainer` fills them in from a real forward pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Place:
    """Where a value is: layer number (from 1), channel (or feature), row and column."""

    number: int
    channel: int
    row: int = 0
    column: int = 0

    def at(self, values: Array) -> float:
        """The value at this place of maps `(C, H, W)` or of a vector `(features,)`."""
        index = (self.channel, self.row, self.column)[: values.ndim]
        return float(values[index])


@dataclass(frozen=True)
class Explanation:
    """One value, as the network computed it, and the numbers it was computed from."""

    place: Place
    value: float

    @property
    def total(self) -> float:
        """The same value from the shown numbers, in float64."""
        raise NotImplementedError


@dataclass(frozen=True)
class MapMean(Explanation):
    """Global average pooling: the mean of a whole map, float32 `(H, W)`."""

    map: Array

    @property
    def total(self) -> float:
        """The map's mean."""
        return float(self.map.mean(dtype=np.float64))


@dataclass(frozen=True)
class BatchNorm(Explanation):
    """Batch norm of one value, with the running mean and variance from training."""

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
        """The normalised value, scaled and shifted."""
        return self.normalised * self.scale + self.shift


@dataclass(frozen=True)
class WeightedSum(Explanation):
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
class Softmax(Explanation):
    """Softmax: `exp` of every logit, float64 `(n,)`, divided by the sum of them all."""

    logits: NDArray[np.float64]

    @property
    def exponentials(self) -> NDArray[np.float64]:
        """`exp(logit - largest logit)`: the same shares, and no overflow."""
        return np.exp(self.logits - self.logits.max())

    @property
    def total(self) -> float:
        """This value's share of the exponentials' sum."""
        return float(self.exponentials[self.place.channel] / self.exponentials.sum())


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


# Activation functions of one number. Softmax is not among them: it needs all of them.
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
class Addition(Explanation):
    """A residual block's main path and its shortcut connection, added."""

    main: float
    shortcut: float

    @property
    def total(self) -> float:
        """Main path plus shortcut."""
        return self.main + self.shortcut


@dataclass(frozen=True)
class Copy(Explanation):
    """A value handed on unchanged; `source` is its place in the layer's input."""

    source: Place
    x: float

    @property
    def total(self) -> float:
        """The input value."""
        return self.x
