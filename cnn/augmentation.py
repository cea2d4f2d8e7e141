"""Changing training images at random, whole batches at a time and on their own device.

Everything maps float32 `(N, 1, H, W)` to the same shape; what comes in from outside is `fill`, the
value of blank paper. The numbers come from torch's global random state, so that a resumed run
repeats them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from cnn.settings import Settings

# What Handwriting does at strength 1. Chosen on MNIST's validation images and on development
# digits of the pen (benchmarks/drawn_digits.md).
ROTATION, SCALE, SHEAR = 6.0, 5.0, 6.0  # degrees, per cent, degrees
SHIFT = 0.7  # pixels
ASPECT = 0.1  # width against height
ELASTIC, KNOTS = 0.6, 5  # pixels at each knot of a 5×5 grid
THICKNESS = 0.6  # share of the way to the 3×3 minimum or maximum
FLOURISH = 0.4  # share of the images that could have a stroke at head or foot, and get one


def augment(x: Tensor, settings: Settings, fill: float) -> Tensor:
    """Shift, rotation, scale and shear as set, and Handwriting; each image its own.

    Affine and elastic changes are one sampling of the whole batch, as cifar10-airbench does it;
    the elastic ones are Simard, Steinkraus and Platt's (2003), smooth because they are drawn on a
    coarse grid. With nothing switched on, the very same tensor comes back.
    """
    if not settings.augments:
        return x
    strength, ink = settings.handwriting, x - fill
    if strength:
        ink, moved = _flourish(ink, FLOURISH * strength)
    grid = _affine(
        x,
        max(settings.shift, SHIFT * strength),
        max(settings.rotation, ROTATION * strength),
        max(settings.scale, SCALE * strength),
        max(settings.shear, SHEAR * strength),
        ASPECT * strength,
    )
    if strength:
        grid = grid + _elastic(x, ELASTIC * strength) + moved
    ink = F.grid_sample(ink, grid, align_corners=False)
    if strength:
        ink = _thickness(ink, THICKNESS * strength)
    return ink + fill


def samples(images: Tensor, settings: Settings, n: int, seed: int = 0) -> Tensor:
    """What `augment` makes of each image, `n` times: for showing it.

    `images` uint8 (0-255) or float (0-1), `(N, H, W)`; returns float32 `(N, n, H, W)` in 0-1. The
    same seed gives the same pictures, and torch's own random state is left as it was.
    """
    full = 1.0 if images.is_floating_point() else 255.0
    ink = images.float().div(full).unsqueeze(1).repeat_interleave(n, dim=0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        changed = augment(ink, settings, fill=0.0)
    return changed.clamp(0, 1).reshape(len(images), n, *images.shape[-2:])


def _spread(x: Tensor, limit: float) -> Tensor:
    """One number for each image, uniform within ±`limit`."""
    return (torch.rand(len(x), device=x.device) * 2 - 1) * limit


def _affine(
    x: Tensor,
    shift: float,
    rotation: float,
    scale: float,
    shear: float,
    aspect: float,
) -> Tensor:
    """A sampling grid `(N, H, W, 2)`. Pixels, degrees, per cent, degrees, share."""
    size = x.shape[-1]
    angle = _spread(x, math.radians(rotation))
    slant = torch.tan(_spread(x, math.radians(shear)))
    zoom = 1 / (1 + _spread(x, scale / 100))
    wide = torch.exp(_spread(x, aspect))
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    across, down = _spread(x, 2 * shift / size), _spread(x, 2 * shift / size)
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
    amount = _spread(ink, limit).view(-1, 1, 1, 1)
    most = F.max_pool2d(ink, 3, 1, 1)
    least = -F.max_pool2d(-ink, 3, 1, 1)
    return torch.where(amount < 0, ink - amount * (least - ink), ink + amount / 2 * (most - ink))


def _flourish(ink: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """A bent stroke at the head or the foot of some images (paper is 0), and how far each one's
    centre of mass moved by it, `(N, 1, 1, 2)` in the grid's units.

    Many hands begin a one with a long upstroke and end a nine in a curled foot. MNIST's hardly do,
    and a network that knows only those reads such a one as a seven and such a nine as a three. The
    head's stroke leads down to the left, from the topmost ink of what is narrow; the foot's to the
    left, from the lowest ink of what is heavy at the top.
    """
    count, _, height, width = ink.shape
    device = ink.device
    inked = ink[:, 0] > ink.amax(dim=(1, 2, 3)).view(-1, 1, 1) / 2
    rows, columns = inked.any(dim=2), inked.any(dim=1)
    weight = inked.sum(dim=2).float()
    narrow = columns.sum(dim=1) < 0.45 * rows.sum(dim=1)
    numbers, across_numbers = (
        torch.arange(height, device=device),
        torch.arange(width, device=device),
    )
    top = rows.float().argmax(dim=1)
    bottom = height - 1 - rows.flip(1).float().argmax(dim=1)
    upper = (weight * (numbers < ((top + bottom + 1) / 2).view(-1, 1))).sum(dim=1)
    heavy = upper > 0.56 * weight.sum(dim=1)

    random = torch.rand(6, count, device=device)
    at_foot = heavy & (~narrow | (random[5] < 0.5))
    wanted = (narrow | heavy) & (random[4] < share)
    y = torch.where(at_foot, bottom, top)
    x = ink[torch.arange(count, device=device), 0, y].argmax(dim=1)
    length = torch.where(at_foot, 4 + 8 * random[0], 4 + 9 * random[0])
    slope = torch.where(at_foot, 0.15 - 0.6 * random[1], 0.35 + 1.2 * random[1])  # down by across
    across = -length / torch.sqrt(1 + slope**2)
    down = -across * slope
    sag = torch.where(at_foot, 2.5 * random[2], 1.5 * random[2] - 0.75)
    along = torch.linspace(0, 1, 10, device=device).view(-1, 1)
    xs = x + along * across
    ys = y + along * down + 4 * along * (1 - along) * sag
    # Each image's stroke where it is wanted; elsewhere it lies far off the sheet.
    xs = torch.where(wanted, xs, -1000.0)
    distance = (
        (xs.view(-1, count, 1, 1) - across_numbers) ** 2
        + (ys.view(-1, count, 1, 1) - numbers.view(-1, 1)) ** 2
    ).amin(dim=0)
    reach = 1.3 + 0.6 * random[3].view(-1, 1, 1)
    stroke = (reach - distance.sqrt()).clamp(0, 1).unsqueeze(1) * ink.amax(dim=(2, 3), keepdim=True)
    drawn = torch.maximum(ink, stroke)

    def middle(picture: Tensor) -> Tensor:
        mass = picture.sum(dim=(1, 2, 3)).clamp(min=1e-6)
        return torch.stack(
            [
                (picture.sum(dim=(1, 2)) * across_numbers).sum(dim=1) / mass,
                (picture.sum(dim=(1, 3)) * numbers).sum(dim=1) / mass,
            ],
            dim=1,
        )

    moved = (middle(drawn) - middle(ink)) * (2 / width)
    return drawn, moved.view(-1, 1, 1, 2)
