"""Activation maximisation: an image made for a filter by gradient ascent from noise.

Erhan and others, 2009; Yosinski and others, 2015, arXiv:1506.06579.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from cnn.common.progress import Progress, silent
from cnn.datasets import Preprocessing
from cnn.network import INPUT_SHAPE, Architecture

MEAN_SHARE = 0.1  # the plain mean's share in the objective
LEARNING_RATE, JITTER, BLUR = 0.05, 2, 0.4  # jitter in pixels; blur mixes in 3×3 means, 0 to 1


@dataclass(frozen=True)
class MaximisedActivation:
    """The image, float32 `(28, 28)` in 0-1, and the map's largest value at each step, `(steps,)`.

    `dead` where the gradient was zero at every step, so that there was nothing to climb.
    """

    image: NDArray[np.float32]
    path: NDArray[np.float32]
    dead: bool


def maximise_activation(
    model: nn.Sequential,
    architecture: Architecture,
    preprocessing: Preprocessing,
    number: int,
    channel: int,
    steps: int = 120,
    seed: int = 0,
    progress: Progress = silent,
) -> MaximisedActivation:
    """An image that activates map (or feature) `channel` of layer `number` most.

    The objective is the mean square of the map's positive values, plus a little of the plain mean
    so that a map without positive values has a gradient: the mean alone is blind to edges, since
    an edge filter's values on one side of a stroke cancel those on the other.

    Adam on the pixels, kept in 0-1; at every step the image is shifted by up to JITTER pixels, and
    every fourth step it is blurred a little, so that what remains are strokes and not single
    pixels. Repeatable by `seed`. Raises ValueError for a place that does not exist.
    """
    _check(architecture, number, channel)
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.rand((1, *INPUT_SHAPE[1:]), generator=generator) * 0.2
    pixels.requires_grad_()
    optimizer = torch.optim.Adam([pixels], lr=LEARNING_RATE)
    path, moved = [], False
    for at in range(steps):
        progress(at / steps)
        down, across = torch.randint(-JITTER, JITTER + 1, (2,), generator=generator).tolist()
        values = model[:number](preprocessing(pixels.roll((down, across), (1, 2))))[0, channel]
        objective = F.relu(values).square().mean() + MEAN_SHARE * values.mean()
        (gradient,) = torch.autograd.grad(objective, pixels)
        path.append(float(values.detach().max()))
        moved = moved or bool(gradient.any())
        pixels.grad = -gradient
        optimizer.step()
        _regularise(pixels, BLUR if at % 4 == 3 and at < steps - 1 else 0.0)
    progress(1.0)
    image = pixels.detach()[0].numpy().copy()
    return MaximisedActivation(image, np.array(path, np.float32), not moved)


def _regularise(pixels: Tensor, blur: float) -> None:
    """Mix in the 3×3 mean and keep the pixels in 0-1, in place."""
    with torch.no_grad():
        if blur:
            mean = F.avg_pool2d(pixels[None], 3, 1, 1, count_include_pad=False)[0]
            pixels.lerp_(mean, blur)
        pixels.clamp_(0, 1)


def _check(architecture: Architecture, number: int, channel: int) -> None:
    rows = architecture.table()
    if not 1 <= number <= len(rows) or (shape := rows[number - 1].output_shape) is None:
        raise ValueError(f"There is no working layer {number} in this network.")
    if not 0 <= channel < shape[0]:
        raise ValueError(f"Layer {number} has no map {channel}.")
