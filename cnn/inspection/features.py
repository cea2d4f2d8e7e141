"""Many images at once: inputs of the classifier, statistics and similarity of the layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnn.common.progress import Progress, silent
from cnn.datasets import Preprocessing
from cnn.inspection.batches import batches
from cnn.network import Architecture
from cnn.network.layers import Layer

BINS = 40
SAMPLE = 4000  # values per batch and layer that a histogram is made of
Array = NDArray[np.float32]


def penultimate(
    model: nn.Sequential,
    preprocessing: Preprocessing,
    images: Tensor,
    progress: Progress = silent,
) -> tuple[Array, NDArray[np.int64]]:
    """The classifier's inputs float32 `(N, features)`, and its predictions int64 `(N,)`.

    `images` uint8 `(N, 28, 28)`.
    """
    body, head = model[:-1], model[-1]
    found, predictions = [], []
    for _, x in batches(images, preprocessing, progress):
        with torch.inference_mode():
            features = body(x)
            predictions.append(head(features).argmax(1))
            found.append(features.float())
    return torch.cat(found).numpy(), torch.cat(predictions).numpy()


@dataclass(frozen=True)
class LayerStatistics:
    """One layer's values over many images.

    `counts` int `(bins,)` between `edges` `(bins + 1,)` is a histogram of a random sample of them,
    without the outermost 0.2%; `dead` lists the maps (or features) that are zero on every image.
    """

    number: int
    layer: Layer
    counts: NDArray[np.int64]
    edges: NDArray[np.float64]
    channels: int
    dead: NDArray[np.int64]


def layer_statistics(
    model: nn.Sequential,
    architecture: Architecture,
    preprocessing: Preprocessing,
    images: Tensor,
    progress: Progress = silent,
) -> list[LayerStatistics]:
    """Every layer's statistics over `images` uint8 `(N, 28, 28)`."""
    layers = architecture.all_layers
    samples: list[list[Array]] = [[] for _ in layers]
    peaks = [torch.zeros(1)] * len(layers)  # each channel's largest absolute value
    generator = np.random.default_rng(0)
    for _, x in batches(images, preprocessing, progress):
        with torch.inference_mode():
            for index, module in enumerate(model):
                x = module(x)
                flat = x.float().reshape(-1).numpy()
                chosen = generator.integers(0, len(flat), min(SAMPLE, len(flat)))
                samples[index].append(flat[chosen])
                peak = x.abs().reshape(*x.shape[:2], -1).amax((0, 2))
                peaks[index] = peaks[index].maximum(peak)
    return [
        LayerStatistics(
            number, layer, *_histogram(sample), len(peak), np.flatnonzero(peak.numpy() == 0)
        )
        for number, (layer, sample, peak) in enumerate(zip(layers, samples, peaks, strict=True), 1)
    ]


def _histogram(samples: list[Array]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    values = np.concatenate(samples)
    low, high = np.percentile(values, [0.1, 99.9])
    return np.histogram(values, BINS, (low, high) if high > low else None)


def similarity(
    model: nn.Sequential, other: nn.Sequential, preprocessing: Preprocessing, images: Tensor
) -> Array:
    """The similarity of two networks' layers on `images` uint8 `(N, 28, 28)`, by linear CKA.

    float32 `(layers of model, layers of other)` in 0-1; give the same network twice for its own
    layers, or two epochs of a run. 300 to 500 images are enough. Kornblith and others, 2019,
    arXiv:1905.00414, equation 3, in its Gram matrix form.
    """
    left = _grams(model, preprocessing, images)
    right = left if other is model else _grams(other, preprocessing, images)
    return np.clip(left @ right.T, 0.0, 1.0).astype(np.float32)


def _grams(model: nn.Sequential, preprocessing: Preprocessing, images: Tensor) -> Array:
    """Every layer's centred Gram matrix of the images, scaled to length 1: `(layers, N * N)`.

    The scalar product of two such rows is linear CKA.
    """
    rows = []
    with torch.inference_mode():
        x = preprocessing(images)
        for module in model:
            x = module(x)
            flat = x.float().reshape(len(x), -1)
            flat = flat - flat.mean(0)
            gram = (flat @ flat.T).reshape(-1)
            rows.append(gram / gram.norm().clamp_min(1e-12))
    return torch.stack(rows).numpy()
