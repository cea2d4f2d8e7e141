"""Training digits as a thick pen would have written them.

Drawn small with a thick brush, a digit's strokes run together: loops close, corners fill. No
thinning brings them back, but a network that met such digits reads them.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from cnn.drawing.ink import BOX

COPIES = 6000
FINE = 2  # pixels of the sheet that is written on, per pixel of the image
RADII = (1, 2, 3, 4)  # how far ink is dilated to all sides, in pixels of that sheet


def thickened(images: Tensor, labels: Tensor, count: int = COPIES) -> tuple[Tensor, Tensor]:
    """At most `count` of the images, evenly chosen, with strokes of about 3 to 6 px; their labels.

    `images` uint8 `(N, 28, 28)`, ink bright. Each is shrunk so that the thicker digit still has its
    longest side at about 20 px; a quarter of them is dilated by each radius.
    """
    chosen = torch.linspace(0, len(images) - 1, min(count, len(images))).round().long()
    ink = images[chosen].float().unsqueeze(1) / 255
    parts = []
    for radius, part in zip(RADII, ink.chunk(len(RADII)), strict=False):
        zoom = BOX / (BOX - 2 * radius / FINE)
        size = [len(part), 1, FINE * images.shape[-2], FINE * images.shape[-1]]
        grid = F.affine_grid(torch.eye(2, 3).mul(zoom).expand(len(part), 2, 3), size, False)
        parts.append(
            F.avg_pool2d(_dilated(F.grid_sample(part, grid, align_corners=False), radius), FINE)
        )
    thick = torch.cat(parts).squeeze(1)
    return thick.mul(255).round().clamp(0, 255).to(torch.uint8), labels[chosen]


def _dilated(ink: Tensor, radius: int) -> Tensor:
    """Ink dilated by `radius` px: a cross and a square in turn make an octagon, nearly a disc."""
    for step in range(radius):
        if step % 2:
            ink = F.max_pool2d(ink, 3, 1, 1)
        else:
            ink = torch.maximum(
                F.max_pool2d(ink, (1, 3), 1, (0, 1)), F.max_pool2d(ink, (3, 1), 1, (1, 0))
            )
    return ink
