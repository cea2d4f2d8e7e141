"""Is it a digit at all? A network answers one of ten whatever it is shown, a house included.

A second, small network judges that alone: trained on the data set's own images against things that
are none (outlier exposure: Hendrycks, Mazeika and Dietterich, 2019): bent and straight random
strokes, shapes, images put together of two halves, turned, mirrored or laid over one another. No
letter and no pen digit is among them.
"""

from __future__ import annotations

import contextlib
import functools
import math
import threading
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from cnn import data
from cnn.augmentation import augment
from cnn.files import write_tensors
from cnn.runs import Run
from cnn.settings import Settings

LIKELY = 0.5  # from here on it looks like a digit
REAL_BELOW = 0.01  # share of the data set's own images that fall below LIKELY
IMAGES = 10_000  # of each kind
EPOCHS = 4
VERSION = 1  # of the judge; a file of another version is made anew
# What is no digit any more when mirrored (a mirrored 2 is nearly a 5), or turned by a quarter.
MIRRORED, TURNED = (3, 4, 7), (2, 3, 4, 5, 7)
_fitting = threading.Lock()


def digit_likeness(run: Run, model: Any, images: Any) -> NDArray[np.float32]:
    """How much each image looks like the images that the run learned from, float32 `(N,)` in 0-1.

    `images` `(N, 28, 28)`, uint8 (0-255) or float (0-1), prepared by `cnn.digits`. At least
    `LIKELY`: it looks like a digit; 99 % of the data set's own images do. The judge is the data
    set's, fitted once (seconds) and kept in the run's folder; `model` is not asked, for its
    certainty is what is in doubt. Raises DataError where the data set is missing and the judge was
    never fitted.
    """
    del model
    x = torch.as_tensor(images)
    x = x.float() / (1.0 if x.is_floating_point() else 255.0)
    if not len(x):
        return np.zeros(0, np.float32)
    judge, offset = _judge(run)
    with torch.inference_mode():
        score = judge(x.unsqueeze(1)).flatten() - offset
    return torch.sigmoid(score).numpy().astype(np.float32)


def _judge(run: Run) -> tuple[nn.Module, float]:
    """The run's judge and its offset, from its folder or fitted now."""
    path = run.path / "judge.safetensors"
    with _fitting:
        try:
            return _loaded(str(path), path.stat().st_mtime_ns)
        except Exception:  # absent, cut short or of another version: made anew
            tensors = fitted(run.config.dataset)
            with contextlib.suppress(OSError):  # a read-only folder only costs the time again
                write_tensors(path, tensors)
            return _assembled(tensors)


@functools.lru_cache(maxsize=16)
def _loaded(path: str, modified: int) -> tuple[nn.Module, float]:
    """The judge in a file; `modified` makes a new file a new entry of the cache."""
    from safetensors.torch import load_file

    return _assembled(load_file(path))


def _assembled(tensors: dict[str, Tensor]) -> tuple[nn.Module, float]:
    if int(tensors["version"]) != VERSION:
        raise ValueError("made by another version")
    judge = _network()
    judge.load_state_dict(
        {name: t for name, t in tensors.items() if name not in ("version", "offset")}
    )
    return judge.eval(), float(tensors["offset"])


def _network() -> nn.Module:
    layers: list[nn.Module] = []
    for inputs, outputs in ((1, 16), (16, 32), (32, 64)):
        layers += [
            nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2), nn.Linear(64 * 16, 1))


@functools.lru_cache(maxsize=4)
def fitted(dataset: str, seed: int = 0) -> dict[str, Tensor]:
    """Train the judge of a data set: its weights, `offset` and `version`. Raises DataError.

    Leaves torch's global random state as it was.
    """
    digits = data.DATASETS[dataset].classes == data.DIGITS
    # A run of digits that came from another machine is judged by the digits that are at hand.
    images = data.load("mnist-sample" if digits and not data.is_on_disk(dataset) else dataset)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        order = torch.randperm(len(images.train_images))
        held = order[: min(2000, len(order) // 5)]
        chosen = order[len(held) :][torch.arange(IMAGES) % (len(order) - len(held))]
        real = images.train_images[chosen].float() / 255
        labels = images.train_labels[chosen]
        other = torch.cat([
            strokes(IMAGES // 2),
            spliced(real, labels, IMAGES - IMAGES // 2, digits),
        ])  # fmt: skip
        x = torch.cat([real, other]).unsqueeze(1)
        y = torch.cat([torch.ones(len(real)), torch.zeros(len(other))])
        judge = _network()
        _train(judge, x, y)
        judge.eval()
        with torch.inference_mode():
            seen = _varied(images.train_images[held].float().unsqueeze(1) / 255)
            offset = torch.quantile(judge(seen).flatten(), REAL_BELOW)
    return {
        **{name: t.clone() for name, t in judge.state_dict().items()},
        "offset": offset.clone(),
        "version": torch.tensor(VERSION),
    }


def _varied(x: Tensor) -> Tensor:
    """Half of the images as hands and pens vary them."""
    half = len(x) // 2
    changed = augment(x[:half], Settings(handwriting=1.0), fill=0.0)
    return torch.cat([changed, x[half:]]).clamp(0, 1)


def _train(judge: nn.Module, x: Tensor, y: Tensor, batch: int = 256) -> None:
    steps = EPOCHS * (len(x) // batch)
    optimizer = torch.optim.AdamW(judge.parameters(), lr=0.005)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.005, total_steps=steps)
    judge.train()
    for _ in range(EPOCHS):
        order = torch.randperm(len(x))
        for begin in range(0, len(x) - batch + 1, batch):
            index = order[begin : begin + batch]
            loss = F.binary_cross_entropy_with_logits(judge(_varied(x[index])).flatten(), y[index])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()


def strokes(count: int, points: int = 48) -> Tensor:
    """Random lines, curves, polygons and scribbles in the 20 px box, float32 `(count, 28, 28)`.

    Each image has one to four strokes, each through two to seven random corners, straight, curved
    or closed, drawn with a pen of its own width.
    """
    parts = []
    for begin in range(0, count, 500):
        n = min(500, count - begin)
        number = torch.randint(1, 5, (n,))
        # A lone stroke has corners enough not to be a one or a seven.
        fewest = torch.where(number == 1, 4, 2).view(-1, 1)
        path = torch.cat([_paths(fewest, points) for _ in range(4)], dim=1)
        # A stroke that an image does not have lies on its first one.
        there = torch.arange(4).repeat_interleave(points) < number.view(-1, 1)
        path = torch.where(there.unsqueeze(2), path, path[:, :points].repeat(1, 4, 1))
        low, high = path.amin(dim=1, keepdim=True), path.amax(dim=1, keepdim=True)
        path = (path - low) / (high - low).amax(dim=2, keepdim=True).clamp(min=1e-6) * 18
        path = path - path.mean(dim=1, keepdim=True) + 13.5
        grid = torch.arange(28.0)
        across = (path[:, :, 0].unsqueeze(2) - grid) ** 2
        down = (path[:, :, 1].unsqueeze(2) - grid) ** 2
        distance = torch.full((n, 28, 28), math.inf)
        for k in range(path.shape[1]):
            distance = torch.minimum(distance, down[:, k, :, None] + across[:, k, None, :])
        radius = (0.7 + 0.9 * torch.rand(n)).view(-1, 1, 1)
        parts.append((radius + 0.5 - distance.sqrt()).clamp(0, 1))
    return torch.cat(parts)


def _paths(fewest: Tensor, points: int) -> Tensor:
    """A stroke for each image, of at least `fewest` `(n, 1)` corners: `(n, points, 2)`."""
    n = len(fewest)
    corners = torch.rand(n, 8, 2) * (0.4 + 0.6 * torch.rand(n, 1, 2))
    corners = corners + torch.rand(n, 1, 2) * 0.4
    used = torch.randint(2, 8, (n, 1)).maximum(fewest)
    closed = torch.rand(n, 1) < 0.3
    at = torch.linspace(0, 1, points).view(1, -1) * torch.where(closed, used, used - 1)
    whole = at.floor().long()
    part = (at - whole).unsqueeze(2)

    def corner(k: Tensor) -> Tensor:
        k = torch.where(closed, k % used, k.clamp(max=7).minimum(used - 1)).clamp(min=0)
        return corners.gather(1, k.unsqueeze(2).expand(-1, -1, 2))

    straight = corner(whole) * (1 - part) + corner(whole + 1) * part
    # Catmull and Rom's spline through the same corners.
    a, b, c, d = (corner(whole + k) for k in (-1, 0, 1, 2))
    curved = 0.5 * (
        2 * b + (c - a) * part + (2 * a - 5 * b + 4 * c - d) * part**2
        + (3 * b - a - 3 * c + d) * part**3
    )  # fmt: skip
    return torch.where((torch.rand(n, 1, 1) < 0.5), straight, curved)


def spliced(real: Tensor, labels: Tensor, count: int, digits: bool) -> Tensor:
    """Images made wrong, float32 `(count, 28, 28)`: halves of two classes, two over one another,
    two side by side, and (of digits) mirrored or turned by a quarter."""
    first = torch.randint(len(real), (count,))
    second = torch.randint(len(real), (count,))
    same = labels[first] == labels[second]
    second = torch.where(same, second.roll(1), second)
    a, b = real[first], real[second]
    top = torch.cat([a[:, :14], b[:, 14:]], dim=1)
    left = torch.cat([a[:, :, :14], b[:, :, 14:]], dim=2)
    over = torch.maximum(a, b)
    beside = torch.cat([a, b], dim=2).unsqueeze(1)
    beside = F.interpolate(beside, size=(16, 28), mode="bilinear", antialias=True)[:, 0]
    kinds = [top, left, over, F.pad(beside, (0, 0, 6, 6))]
    if digits:
        kinds += [
            _some(real, labels, MIRRORED, count).flip(2),
            _some(real, labels, TURNED, count).rot90(1, (1, 2)),
            _some(real, labels, TURNED, count).rot90(-1, (1, 2)),
        ]
    kind = torch.randint(len(kinds), (count,))
    return torch.stack(kinds)[kind, torch.arange(count)]


def _some(real: Tensor, labels: Tensor, wanted: tuple[int, ...], count: int) -> Tensor:
    """`count` images of the wanted classes."""
    members = torch.isin(labels, torch.tensor(wanted)).nonzero().flatten()
    return real[members[torch.randint(len(members), (count,))]]
