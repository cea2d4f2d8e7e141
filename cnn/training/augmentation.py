"""Random changes to training images, whole batches at a time and on their own device.

Images are float32 `(N, 1, H, W)` before and after; `fill`, the value of blank paper, comes in at
the borders. The numbers come from torch's global random state, so that a resumed run
repeats them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from cnn.training.settings import Settings

# What Handwriting does at strength 1. Chosen on MNIST's validation images and on development
# digits of the pen (benchmarks/drawn_digits.md).
ROTATION, SCALE, SHEAR = 6.0, 5.0, 6.0  # degrees, per cent, degrees
SHIFT = 0.7  # pixels
ASPECT = 0.1  # width against height
ELASTIC, KNOTS = 0.6, 5  # pixels at each knot of a 5×5 grid
THICKNESS = 0.6  # share of the way to the 3×3 minimum or maximum


def augment(x: Tensor, settings: Settings, fill: float) -> Tensor:
    """The images with random shift, rotation, scale, shear and Handwriting, each its own.

    Affine and elastic changes are one sampling of the whole batch, as cifar10-airbench does it;
    the elastic ones are Simard, Steinkraus and Platt's (2003), smooth because they are drawn on a
    coarse grid. With nothing switched on, the very same tensor comes back.
    """
    if not settings.augments:
        return x
    strength = settings.handwriting
    grid = _affine(
        x,
        max(settings.shift, SHIFT * strength),
        max(settings.rotation, ROTATION * strength),
        max(settings.scale, SCALE * strength),
        max(settings.shear, SHEAR * strength),
        ASPECT * strength,
    )
    if strength:
        grid = grid + _elastic(x, ELASTIC * strength)
    ink = F.grid_sample(x - fill, grid, align_corners=False)
    if strength:
        ink = _thickness(ink, THICKNESS * strength)
    return ink + fill


def _uniform(x: Tensor, limit: float) -> Tensor:
    """One number for each image, uniform within ±`limit`."""
    return (torch.rand(len(x), device=x.device) * 2 - 1) * limit


def _affine(
    x: Tensor, shift: float, rotation: float, scale: float, shear: float, aspect: float
) -> Tensor:
    """A sampling grid `(N, H, W, 2)`. Pixels, degrees, per cent, degrees, share."""
    size = x.shape[-1]
    angle = _uniform(x, math.radians(rotation))
    slant = torch.tan(_uniform(x, math.radians(shear)))
    zoom = 1 / (1 + _uniform(x, scale / 100))
    wide = torch.exp(_uniform(x, aspect))
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    across, down = _uniform(x, 2 * shift / size), _uniform(x, 2 * shift / size)
    theta = torch.stack(
        [
            torch.stack([cos * wide, cos * slant - sin, across], dim=1),
            torch.stack([sin * wide, sin * slant + cos, down], dim=1),
        ],
        dim=1,
    )
    return F.affine_grid(theta, [*x.shape], align_corners=False)


def _elastic(x: Tensor, pixels: float) -> Tensor:
    """A smooth random displacement `(N, H, W, 2)`: normal with `pixels` at the knots."""
    knots = torch.randn(len(x), 2, KNOTS, KNOTS, device=x.device)
    field = F.interpolate(knots, size=x.shape[-2:], mode="bilinear", align_corners=True)
    return field.permute(0, 2, 3, 1) * (2 * pixels / x.shape[-1])


def _thickness(ink: Tensor, limit: float) -> Tensor:
    """Thinner or thicker strokes: a blend towards the least or the most of each pixel's 3×3.

    Thinner pulls farther than thicker: pens on a screen draw finer lines than MNIST's scans.
    """
    amount = _uniform(ink, limit).view(-1, 1, 1, 1)
    most = F.max_pool2d(ink, 3, 1, 1)
    least = -F.max_pool2d(-ink, 3, 1, 1)
    return torch.where(amount < 0, ink - amount * (least - ink), ink + amount / 2 * (most - ink))
