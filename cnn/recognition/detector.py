"""Is it a digit at all? A network answers one of ten whatever it is shown, a house included.

A second, small network judges that alone. It learns the data set's own images, and digits in the
forms of other schools, against things that are none (outlier exposure: Hendrycks, Mazeika and
Dietterich, 2019): random strokes, letters from templates of our own, images put together of two
halves, turned, mirrored or laid over one another. No font's letter and no pen digit is among them.
"""

from __future__ import annotations

import contextlib
import math
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from cnn import datasets
from cnn.common.files import read_json, write_json, write_tensors
from cnn.drawing.synthetic_digits import kept_forms
from cnn.drawing.synthetic_letters import letters
from cnn.runs import ACTIVE, Run
from cnn.training import Settings
from cnn.training.augmentation import augment
from cnn.training.inference import predict_logits

LIKELY = 0.5  # from here on it looks like a digit
REAL_BELOW = 0.035  # share of such images, varied as hands vary them, that fall below LIKELY
IMAGES = 8_000  # of each kind
LETTERS = 4_000
EPOCHS = 6
VERSION = 2  # of the judge; what another version kept is made anew
VOICE_WEIGHT = 2.0
# What is no digit any more when mirrored (a mirrored 2 is nearly a 5), or turned by a quarter.
MIRRORED, TURNED = (3, 4, 7), (2, 3, 4, 5, 7)
_fitting = threading.Lock()


def digit_likeness(run: Run, model: Any, images: Any) -> NDArray[np.float32]:
    """How much each image looks like the images that the run learned from, float32 `(N,)` in 0-1.

    `images` `(N, 28, 28)`, uint8 (0-255) or float (0-1), prepared by `cnn.digits`; `model` the
    run's network. From `LIKELY` on it looks like a digit, as 96.5 % of the data set's own images do
    when varied as hands vary them. Two votes make it: the judge's, and how strongly the network's
    winner speaks for once (its highest score), compared with what it says of real digits. While
    the run is training only the judge votes, for the network's voice changes with every step.

    The judge is fitted once per data set and machine (some seconds; `ready` tells) and kept in the
    data folder, the comparison once per run and kept in the run's. Raises DataError where the data
    set is missing.
    """
    x = torch.as_tensor(images)
    x = x.float() / (1.0 if x.is_floating_point() else 255.0)
    if not len(x):
        return np.zeros(0, np.float32)
    judge, held = _judge(run.config.dataset)
    voice = None if run.state in ACTIVE else _voice(run, model, held)
    return torch.sigmoid(_votes(run, model, judge, voice, x)).numpy().astype(np.float32)


def ready(run: Run) -> bool:
    """Whether `digit_likeness` can answer at once, without fitting a judge first."""
    return run.config.dataset in _judges or _path(run.config.dataset).is_file()


@dataclass(frozen=True)
class _Voice:
    """How a network's highest score is spread over real digits, and where the votes' sum starts
    to mean a digit."""

    middle: float
    spread: float
    offset: float


@torch.inference_mode()
def _votes(run: Run, model: Any, judge: _Judge, voice: _Voice | None, x: Tensor) -> Tensor:
    """The sum of the votes, float32 `(N,)`; at least 0 means a digit."""
    own = judge.network(x.unsqueeze(1)).flatten()
    if voice is None:
        return own - judge.offset
    highest = predict_logits(model, x, run.preprocessing).amax(dim=1).cpu()
    return own + _loudness(highest, voice.middle, voice.spread) - voice.offset


def _loudness(highest: Tensor, middle: float, spread: float) -> Tensor:
    return VOICE_WEIGHT * ((highest - middle) / spread).clamp(-4, 1)


def _voice(run: Run, model: Any, held: Tensor) -> _Voice:
    """The network's voice, from the run's folder if these weights were heard before."""
    with torch.inference_mode():
        mark = repr(sum(float(p.double().sum()) for p in model.parameters()))
    path = run.path / "likeness.json"
    key = f"{VERSION} {mark}"
    with contextlib.suppress(KeyError, TypeError, ValueError):
        kept = (read_json(path) or {})[key]
        return _Voice(*(float(kept[name]) for name in ("middle", "spread", "offset")))
    judge, _ = _judge(run.config.dataset)
    with torch.inference_mode():
        highest = predict_logits(model, held, run.preprocessing).amax(dim=1).cpu()
        middle = float(highest.median())
        spread = max(float((highest - middle).abs().median()) * 1.48, 1e-3)
        votes = judge.network(held.unsqueeze(1)).flatten() + _loudness(highest, middle, spread)
        voice = _Voice(middle, spread, float(torch.quantile(votes, REAL_BELOW)))
    others = list((read_json(path) or {}).items())[-7:]
    with contextlib.suppress(OSError):  # a read-only folder only costs the time again
        write_json(path, {**dict(others), key: asdict(voice)})
    return voice


@dataclass(frozen=True)
class _Judge:
    """The judging network, and the score from which it means a digit."""

    network: nn.Module
    offset: float


_judges: dict[str, tuple[_Judge, Tensor]] = {}


def _path(dataset: str) -> Path:
    return datasets.data_dir() / f"judge-{VERSION}-{dataset}.safetensors"


def _judge(dataset: str) -> tuple[_Judge, Tensor]:
    """The judge of a data set and the images `(N, 28, 28)` that voices are measured on: from
    memory, from the data folder, or fitted now."""
    from safetensors.torch import load_file

    with _fitting:
        if dataset not in _judges:
            try:
                tensors = load_file(_path(dataset))
                _judges[dataset] = _assembled(tensors)
            except Exception:  # absent, cut short or foreign: made anew
                tensors = fitted(dataset)
                _judges[dataset] = _assembled(tensors)
                with contextlib.suppress(OSError):
                    _path(dataset).parent.mkdir(parents=True, exist_ok=True)
                    write_tensors(_path(dataset), tensors)
        return _judges[dataset]


def _assembled(tensors: dict[str, Tensor]) -> tuple[_Judge, Tensor]:
    weights = dict(tensors)
    offset, held = float(weights.pop("offset")), weights.pop("held").float() / 255
    network = _network()
    network.load_state_dict(weights)
    return _Judge(network.eval(), offset), held


def _network() -> nn.Module:
    layers: list[nn.Module] = []
    for inputs, outputs in ((1, 20), (20, 40), (40, 64)):
        layers += [
            nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2), nn.Linear(64 * 16, 1))


def fitted(dataset: str, seed: int = 0) -> dict[str, Tensor]:
    """Train the judge of a data set: its weights, `offset` and `held` images. Raises DataError.

    Leaves torch's global random state as it was.
    """
    digits = datasets.DATASETS[dataset].classes == datasets.DIGITS
    # A run of digits that came from another machine is judged by the digits that are at hand.
    images = datasets.load(
        "mnist-sample" if digits and not datasets.is_on_disk(dataset) else dataset
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        count = min(IMAGES, 2 * len(images.train_images))
        order = torch.randperm(len(images.train_images))
        held = order[: min(2000, len(order) // 5)]
        chosen = order[len(held) :][torch.arange(count) % (len(order) - len(held))]
        real = images.train_images[chosen].float() / 255
        labels = images.train_labels[chosen]
        known = real
        if digits:  # those of other schools are digits too
            forms, _ = kept_forms()
            known = torch.cat([real, forms.float() / 255])
        other = torch.cat([
            strokes(count // 2),
            spliced(real, labels, count - count // 2, digits),
            *([torch.from_numpy(letters(LETTERS)).float() / 255] if digits else []),
        ])  # fmt: skip
        x = torch.cat([known, other]).unsqueeze(1)
        y = torch.cat([torch.ones(len(known)), torch.zeros(len(other))])
        judge = _network()
        _train(judge, x, y)
        judge.eval()
        with torch.inference_mode():
            seen = _varied(images.train_images[held].float().unsqueeze(1) / 255)
            seen = (seen * 255).round().to(torch.uint8)
            offset = torch.quantile(judge(seen.float() / 255).flatten(), REAL_BELOW)
    return {
        **{name: t.clone() for name, t in judge.state_dict().items()},
        "offset": offset.clone(),
        "held": seen[:, 0].clone(),
    }


def _varied(x: Tensor) -> Tensor:
    """Half of the images as hands and pens vary them."""
    half = len(x) // 2
    changed = augment(x[:half], Settings(handwriting=1.0), fill=0.0)
    return torch.cat([changed, x[half:]]).clamp(0, 1)


def _train(judge: nn.Module, x: Tensor, y: Tensor, batch: int = 256) -> None:
    steps = EPOCHS * max(1, len(x) // batch)
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


def strokes(count: int, points: int = 40) -> Tensor:
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
        on_lattice = torch.rand(n, 1, 1) < 0.5
        path = torch.cat([_paths(fewest, on_lattice, points) for _ in range(4)], dim=1)
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


def _paths(fewest: Tensor, on_lattice: Tensor, points: int) -> Tensor:
    """A stroke for each image, of at least `fewest` `(n, 1)` corners: `(n, points, 2)`."""
    n = len(fewest)
    corners = torch.rand(n, 8, 2) * (0.4 + 0.6 * torch.rand(n, 1, 2))
    corners = corners + torch.rand(n, 1, 2) * 0.4
    # Half of them on a lattice of three by three places, as the strokes of letters are.
    lattice = torch.randint(0, 3, (n, 8, 2)) / 2 * torch.tensor([0.7, 1.0])
    lattice = lattice + 0.04 * torch.randn(n, 8, 2)
    corners = torch.where(on_lattice, lattice, corners)
    used = torch.where(on_lattice[:, 0], torch.randint(2, 5, (n, 1)), torch.randint(2, 8, (n, 1)))
    used = used.maximum(fewest)
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
    # And scribbles: a pen that goes on and changes its heading at random.
    heading = torch.randn(n, points) * torch.exp(torch.rand(n, 1) * 3 - 2.3)
    heading = heading.cumsum(dim=1) + 6.3 * torch.rand(n, 1)
    walk = torch.stack([heading.cos(), heading.sin()], dim=2).cumsum(dim=1) * 2 / points
    walk = walk + torch.rand(n, 1, 2)
    kind = torch.rand(n, 1, 1)
    return torch.where(kind < 0.4, straight, torch.where(kind < 0.75, curved, walk))


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
