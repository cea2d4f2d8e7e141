"""Training digits as a thick pen would have written them.

Drawn small with a thick brush, a digit's strokes run together: loops close, corners fill. No
thinning brings them back, but a network that met such digits reads them.
"""

from __future__ import annotations

import hashlib

import torch
import torch.nn.functional as F
from torch import Tensor

from cnn.drawing.ink import BOX
from cnn.training.devices import one_thread

FINE = 2  # pixels of the sheet that is written on, per pixel of the image
RADII = (1, 2, 3, 4)  # how far ink is dilated to all sides, in pixels of that sheet
KEPT = 2  # results: of the data set's digits, and of those in other forms
AT_ONCE = 100  # images: their sheets stay in the processor's cache


def thickened(images: Tensor, labels: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """At most `count` of the images, evenly chosen, with strokes of about 3 to 6 px; their labels.

    `images` uint8 `(N, 28, 28)`, ink bright. Each is shrunk so that the thicker digit still has its
    longest side at about 20 px; a quarter of them is dilated by each radius.
    """
    chosen = torch.linspace(0, len(images) - 1, min(count, len(images))).round().long()
    originals = images.index_select(0, chosen).contiguous()
    key = hashlib.blake2b(originals.numpy().data).digest()
    if key not in _thick:
        while len(_thick) >= KEPT:
            _thick.pop(next(iter(_thick)))
        _thick[key] = _thicken(originals)
    return _thick[key], labels[chosen]


_thick: dict[bytes, Tensor] = {}  # the newest: a worker in standby has drawn the likely ones


def _thicken(images: Tensor) -> Tensor:
    parts = []
    for radius, part in zip(RADII, images.chunk(len(RADII)), strict=False):
        zoom = BOX / (BOX - 2 * radius / FINE)
        sheet = [1, 1, FINE * images.shape[-2], FINE * images.shape[-1]]
        grid = F.affine_grid(torch.eye(2, 3).mul(zoom).unsqueeze(0), sheet, False)
        with one_thread():  # each step is so short that several would mostly wait for each other
            parts += [_thick_images(few, grid, radius) for few in part.split(AT_ONCE)]
    return torch.cat(parts)


def _thick_images(images: Tensor, grid: Tensor, radius: int) -> Tensor:
    """Images uint8 `(N, 28, 28)` shrunk by `grid` and dilated by `radius`."""
    ink = images.float().unsqueeze(1) / 255
    drawn = F.grid_sample(ink, grid.expand(len(ink), -1, -1, -1), align_corners=False)
    thick = F.avg_pool2d(_dilated(drawn, radius), FINE).squeeze(1)
    return thick.mul(255).round().clamp(0, 255).to(torch.uint8)


def _dilated(ink: Tensor, radius: int) -> Tensor:
    """Ink dilated by `radius` px: a cross and a square in turn make an octagon, nearly a disc."""
    for step in range(radius):
        upright = _widened(ink, 2)
        ink = _widened(upright, 3) if step % 2 else torch.maximum(upright, _widened(ink, 3))
    return ink


def _widened(ink: Tensor, axis: int) -> Tensor:
    """Every pixel's maximum with its two neighbours along an axis: what `max_pool2d` gives, in a
    tenth of its time."""
    rest, wide = ink.shape[axis] - 1, ink.clone()
    for here, there in ((0, 1), (1, 0)):
        part = wide.narrow(axis, here, rest)
        torch.maximum(part, ink.narrow(axis, there, rest), out=part)
    return wide
