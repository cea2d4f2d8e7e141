"""The whole test set at once: features in two or three dimensions, and how layers behave on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnn.common.progress import Progress, Stop, step
from cnn.inspection.activations import BINS
from cnn.network import Architecture
from cnn.network.layers import Layer

if TYPE_CHECKING:
    from torch import Tensor, nn

    from cnn.datasets import Preprocessing

BATCH = 500
SAMPLE = 4000  # values per batch and layer that a histogram is made of
Array = NDArray[np.float32]


def penultimate(
    model: nn.Module,
    preprocessing: Preprocessing,
    images: Tensor,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> tuple[Array, NDArray[np.int64]]:
    """What the classifier gets for each of `images` uint8 `(N, 28, 28)`, and what it makes of it.

    Returns features float32 `(N, features)` and predictions int64 `(N,)`. Raises Stopped.
    """
    import torch

    body, head = model[:-1], model[-1]
    found, predictions = [], []
    for begin in range(0, len(images), BATCH):
        step(begin / len(images), progress, stop)
        with torch.inference_mode():
            features = body(preprocessing(images[begin : begin + BATCH]))
            predictions.append(head(features).argmax(1))
            found.append(features.float())
    if progress:
        progress(1.0)
    return torch.cat(found).numpy(), torch.cat(predictions).numpy()


@dataclass(frozen=True)
class LayerSpread:
    """One layer's values over many images: mean, standard deviation, share of exact zeros, and a
    histogram (`counts` int `(bins,)`, `edges` `(bins + 1,)`) of a random sample of them.

    `dead` lists the maps (or features) that were zero on every image.
    """

    number: int
    layer: Layer
    mean: float
    std: float
    zero: float
    counts: NDArray[np.int64]
    edges: NDArray[np.float64]
    channels: int
    dead: NDArray[np.int64]


class _Gather:
    """Running moments of one layer, a batch at a time (Chan, Golub and LeVeque, 1983)."""

    def __init__(self) -> None:
        self.count = self.zeros = 0
        self.mean = self.squares = 0.0  # squares: summed squared distances from the mean
        self.largest: Any = None
        self.sample: list[Array] = []

    def add(self, values: Tensor, generator: np.random.Generator) -> None:
        """Take a batch `(N, C, ...)` in."""
        import torch

        flat = values.float().reshape(-1)
        variance, mean = (float(v) for v in torch.var_mean(flat, correction=0))
        fresh, total = len(flat), self.count + len(flat)
        apart = mean - self.mean
        self.squares += variance * fresh + apart**2 * self.count * fresh / total
        self.mean += apart * fresh / total
        self.count = total
        self.zeros += fresh - int(torch.count_nonzero(flat))
        largest = values.abs().reshape(*values.shape[:2], -1).amax((0, 2))
        self.largest = largest if self.largest is None else self.largest.maximum(largest)
        index = generator.integers(0, fresh, min(SAMPLE, fresh))
        self.sample.append(flat.numpy()[index])

    def spread(self, number: int, layer: Layer) -> LayerSpread:
        """The whole of it."""
        sample = np.concatenate(self.sample)
        low, high = np.percentile(sample, [0.1, 99.9])
        counts, edges = np.histogram(sample, BINS, (low, high) if high > low else None)
        dead = np.flatnonzero(self.largest.numpy() == 0)
        std = math.sqrt(self.squares / self.count)
        zero = self.zeros / self.count
        channels = len(self.largest)
        return LayerSpread(number, layer, self.mean, std, zero, counts, edges, channels, dead)


def layer_spreads(
    model: nn.Module,
    architecture: Architecture,
    preprocessing: Preprocessing,
    images: Tensor,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> list[LayerSpread]:
    """How every layer's values are spread over `images` uint8 `(N, 28, 28)`; raises Stopped."""
    import torch

    gathered = [_Gather() for _ in architecture.all_layers]
    generator = np.random.default_rng(0)
    for begin in range(0, len(images), BATCH):
        step(begin / len(images), progress, stop)
        with torch.inference_mode():
            x = preprocessing(images[begin : begin + BATCH])
            for gather, module in zip(gathered, model, strict=True):
                x = module(x)
                gather.add(x, generator)
    if progress:
        progress(1.0)
    return [
        gather.spread(number, layer)
        for number, (gather, layer) in enumerate(
            zip(gathered, architecture.all_layers, strict=True), start=1
        )
    ]


def similarity(
    model: nn.Module,
    other: nn.Module,
    preprocessing: Preprocessing,
    images: Tensor,
    other_preprocessing: Preprocessing | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Array:
    """How alike the layers of two networks see `images` uint8 `(N, 28, 28)`, by linear CKA.

    float32 `(layers of model, layers of other)` in 0-1; give the same network twice for its own
    layers, two epochs of a run, or two runs. 300 to 500 images tell enough. Kornblith and others,
    2019, arXiv:1905.00414, equation 3, in its Gram matrix form. Raises Stopped.
    """
    same = other is model

    def half(part: float) -> Progress | None:
        return (lambda share: progress(part + share / 2)) if progress else None

    left = _grams(model, preprocessing, images, half(0.0), stop)
    right = left
    if not same:
        right = _grams(other, other_preprocessing or preprocessing, images, half(0.5), stop)
    if progress:
        progress(1.0)
    return np.clip(left @ right.T, 0.0, 1.0).astype(np.float32)


def _grams(
    model: Any,
    preprocessing: Preprocessing,
    images: Tensor,
    progress: Progress | None,
    stop: Stop | None,
) -> Array:
    """Every layer's centred Gram matrix of the images, brought to length 1: `(layers, N * N)`.

    The scalar product of two such rows is linear CKA.
    """
    import torch

    rows = []
    with torch.inference_mode():
        x = preprocessing(images)
        for at, module in enumerate(model):
            step(at / len(model), progress, stop)
            x = module(x)
            flat = x.float().reshape(len(x), -1)
            flat = flat - flat.mean(0)
            gram = (flat @ flat.T).reshape(-1)
            rows.append(gram / gram.norm().clamp_min(1e-12))
    return torch.stack(rows).numpy()


def cka(left: Array, right: Array) -> float:
    """Linear CKA of two sets of features of the same images, `(N, p)` and `(N, q)`: 0 to 1."""
    left, right = (np.asarray(f, np.float64) for f in (left, right))  # type: ignore[assignment]
    left, right = left - left.mean(0), right - right.mean(0)
    both = np.linalg.norm(left.T @ left) * np.linalg.norm(right.T @ right)
    return float(np.linalg.norm(right.T @ left) ** 2 / both) if both > 0 else 0.0
