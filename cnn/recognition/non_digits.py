"""Images that hold no digit, for the out-of-distribution detector to learn against.

No font's letter and no drawing of any collection is among them.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from cnn.drawing.ink import Line
from cnn.drawing.rasteriser import curve
from cnn.drawing.templates import image_of, render, templates

# Digits that are none any more when mirrored (a mirrored 2 is nearly a 5), or turned by a quarter.
MIRRORED, TURNED = (3, 4, 7), (2, 3, 4, 5, 7)
TEMPLATES = {name: forms for name, forms in templates().items() if not name.isdigit()}


def letters(count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Letters and the like from our templates, in turn: uint8 `(count, 28, 28)`, ink bright."""
    random = np.random.default_rng(seed)
    forms = [form for forms in TEMPLATES.values() for form in forms]
    return np.stack([image_of(forms[k % len(forms)], random) for k in range(count)])


def random_strokes(count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Random lines, curves, polygons and scribbles: uint8 `(count, 28, 28)`, ink bright.

    Each image has one to four strokes, each through two to seven random corners, straight, curved
    or closed, drawn with some pen and prepared as drawings are.
    """
    random = np.random.default_rng(seed)
    images = []
    for _ in range(count):
        strokes, on_lattice = int(random.integers(1, 5)), random.random() < 0.5
        # A lone stroke has corners enough not to be a one or a seven.
        fewest = 4 if strokes == 1 else 2
        lines = [_random_stroke(random, fewest, on_lattice) for _ in range(strokes)]
        images.append(render(lines, random.uniform(1.4, 3.2)))
    return np.stack(images)


def _random_stroke(random: np.random.Generator, fewest: int, on_lattice: bool) -> Line:
    """A stroke `(points, 2)` about a unit long and high, of at least `fewest` corners."""
    kind = random.random()
    if kind >= 0.75:  # a scribble: a pen that goes on and changes its heading at random
        turns = random.normal(0, np.exp(random.uniform(-2.3, 0.7)), 40)
        heading = turns.cumsum() + random.uniform(0, 2 * np.pi)
        steps = np.stack([np.cos(heading), np.sin(heading)], axis=1) / 20
        return steps.cumsum(axis=0) + random.random(2)
    count = max(fewest, int(random.integers(2, 5 if on_lattice else 8)))
    if on_lattice:  # of three by three places, as the strokes of letters are
        corners = random.integers(0, 3, (count, 2)) / 2 * (0.7, 1.0)
        corners = corners + random.normal(0, 0.04, (count, 2))
    else:
        corners = random.random((count, 2)) * random.uniform(0.4, 1, 2) + 0.4 * random.random(2)
    if random.random() < 0.3:  # closed
        corners = np.concatenate([corners, corners[:1]])
    return corners if kind < 0.4 else curve(corners)


def spliced(images: Tensor, labels: Tensor, count: int, digits: bool) -> Tensor:
    """Images made wrong, float32 `(count, 28, 28)`: halves of two classes, two over one another,
    two side by side, and (of digits) mirrored or turned by a quarter.

    `images` float32 `(N, 28, 28)` in 0-1. Draws from torch's random state.
    """
    first, second = torch.randint(len(images), (2, count))
    second = torch.where(labels[first] == labels[second], second.roll(1), second)
    a, b = images[first], images[second]
    top = torch.cat([a[:, :14], b[:, 14:]], dim=1)
    left = torch.cat([a[:, :, :14], b[:, :, 14:]], dim=2)
    over = torch.maximum(a, b)
    beside = torch.cat([a, b], dim=2).unsqueeze(1)
    beside = F.interpolate(beside, size=(16, 28), mode="bilinear", antialias=True)[:, 0]
    kinds = [top, left, over, F.pad(beside, (0, 0, 6, 6))]

    def some(wanted: tuple[int, ...]) -> Tensor:
        members = torch.isin(labels, torch.tensor(wanted)).nonzero().flatten()
        return images[members[torch.randint(len(members), (count,))]]

    if digits:
        kinds += [some(MIRRORED).flip(2), *(some(TURNED).rot90(k, (1, 2)) for k in (1, -1))]
    return torch.stack(kinds)[torch.randint(len(kinds), (count,)), torch.arange(count)]
