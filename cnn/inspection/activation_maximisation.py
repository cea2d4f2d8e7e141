"""What excites a filter: the test images and patches it answers to most, and a picture made for it.

Zeiler and Fergus, 2013, arXiv:1311.2901 (strongest patches); Erhan and others, 2009, and Yosinski
and others, 2015, arXiv:1506.06579 (images by gradient ascent).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnn.common.progress import Progress, Stop, step
from cnn.network import INPUT_SHAPE, Architecture
from cnn.network.receptive_field import Box, receptive_field

if TYPE_CHECKING:
    from torch import Tensor, nn

    from cnn.datasets import Preprocessing

BATCH = 500
SILENT = 0.1  # the plain mean's share in what a dream climbs


@dataclass(frozen=True)
class Excited:
    """One test image, the place on the map where the filter answers most, and what it saw there."""

    index: int
    value: float
    row: int
    column: int
    box: Box


@dataclass(frozen=True)
class Strongest:
    """For every map of one layer the test images that excite it most, strongest first.

    `index` int64, `values` float32, `rows` and `columns` int64: all `(channels, count)`. A test
    image stands at most once in a row, at its strongest place.
    """

    architecture: Architecture
    number: int
    index: NDArray[np.int64]
    values: NDArray[np.float32]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]

    def of(self, channel: int) -> list[Excited]:
        """The images that excite one map most."""
        found = zip(
            self.index[channel].tolist(),
            self.values[channel].tolist(),
            self.rows[channel].tolist(),
            self.columns[channel].tolist(),
            strict=True,
        )
        return [
            Excited(i, v, r, c, receptive_field(self.architecture, self.number, r, c).box)
            for i, v, r, c in found
        ]


def strongest(
    model: nn.Module,
    architecture: Architecture,
    preprocessing: Preprocessing,
    images: Tensor,
    number: int,
    count: int = 9,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Strongest:
    """Look through `images` uint8 `(N, 28, 28)` for those that excite layer `number`'s maps most.

    All maps of the layer in one pass, so that choosing another is free. Raises ValueError for a
    layer that does not exist, and Stopped.
    """
    import torch

    if not 1 <= number <= len(architecture.all_layers):
        raise ValueError(f"There is no layer {number} in this network.")
    head = _up_to(model, number)
    best: list[Tensor] = []
    for begin in range(0, len(images), BATCH):
        step(begin / len(images), progress, stop)
        with torch.inference_mode():
            values = head(preprocessing(images[begin : begin + BATCH])).float()
            width = values.shape[-1] if values.ndim == 4 else 1
            peak, place = values.reshape(*values.shape[:2], -1).max(dim=2)  # (batch, channels)
            index = torch.arange(begin, begin + len(peak))[:, None].expand_as(place)
            fresh = [peak, index, place // width, place % width]
            pairs = zip(best, fresh, strict=True) if best else ()
            merged = [torch.cat(pair) for pair in pairs] or fresh
            _, order = merged[0].topk(min(count, len(merged[0])), dim=0)
            best = [values.gather(0, order) for values in merged]
    if progress:
        progress(1.0)
    peaks, index, rows, columns = (values.T.contiguous().numpy() for values in best)
    return Strongest(architecture, number, index, peaks, rows, columns)


@dataclass(frozen=True)
class Dream:
    """An image made to excite a filter: float32 `(28, 28)` in 0-1, and how the filter's strongest
    answer rose on the way. `dead` where it never answered, so that there was nothing to climb."""

    image: NDArray[np.float32]
    path: NDArray[np.float32]
    dead: bool


def dream(
    model: nn.Module,
    architecture: Architecture,
    preprocessing: Preprocessing,
    number: int,
    channel: int,
    steps: int = 120,
    learning_rate: float = 0.05,
    jitter: int = 2,
    blur: float = 0.4,
    seed: int = 0,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Dream:
    """Climb from faint noise to an image that excites map (or feature) `channel` most.

    What is climbed is the mean square of the map's positive answers, with a little of the plain
    mean so that a silent map has a way up: the mean alone is blind to edges, since an edge filter
    answers as much below zero on one side as above on the other.

    Adam on the pixels, kept in 0-1; at every step the image is shifted by up to `jitter` pixels,
    and every fourth step it is blurred a little (`blur` 0 to 1 mixes in the 3×3 mean), so that
    what remains are strokes and not single pixels. Repeatable by `seed`. Stopped early it returns
    what it has. Raises ValueError for a place that does not exist.
    """
    import torch
    import torch.nn.functional as F

    shape = _shape(architecture, number)
    if not 0 <= channel < shape[0]:
        raise ValueError(f"Layer {number} has no map {channel}.")
    head = _up_to(model, number)
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.rand((1, *INPUT_SHAPE[1:]), generator=generator) * 0.2
    pixels.requires_grad_()
    optimizer = torch.optim.Adam([pixels], lr=learning_rate)
    path, moved = [], False
    for at in range(steps):
        if progress:
            progress(at / steps)
        if stop and stop():
            break
        down, across = torch.randint(-jitter, jitter + 1, (2,), generator=generator).tolist()
        answers = head(preprocessing(pixels.roll((down, across), (1, 2))))[0, channel]
        goal = F.relu(answers).square().mean() + SILENT * answers.mean()
        (gradient,) = torch.autograd.grad(goal, pixels)
        path.append(float(answers.detach().max()))
        moved = moved or bool(gradient.any())
        pixels.grad = -gradient
        optimizer.step()
        with torch.no_grad():
            if blur and at % 4 == 3 and at < steps - 1:
                soft = F.avg_pool2d(pixels[None], 3, 1, 1, count_include_pad=False)[0]
                pixels.lerp_(soft, blur)
            pixels.clamp_(0, 1)
    if progress:
        progress(1.0)
    return Dream(pixels.detach()[0].numpy().copy(), np.array(path, np.float32), not moved)


def _shape(architecture: Architecture, number: int) -> tuple[int, ...]:
    rows = architecture.table()
    if not 1 <= number <= len(rows) or (shape := rows[number - 1].output_shape) is None:
        raise ValueError(f"There is no working layer {number} in this network.")
    return shape


def _up_to(model: Any, number: int) -> Any:
    """The network's first `number` layers: the same modules, with nothing computed below them."""
    return model[:number]
