"""How a run's network does on corrupted test images; kept with the run.

Accuracy against the strength of eight corruptions, and on MNIST-C's fifteen at the paper's
severities. It takes a minute or more, so it is done by a process of its own
(`python -m cnn.evaluation.robustness_job`), corruption by corruption; each is kept when it is done.
torch is imported inside functions.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnn import datasets
from cnn.common.files import read_json, write_json
from cnn.common.text import percent
from cnn.evaluation.corruptions import CORRUPTIONS, CURVES, MNIST_C, Corruption
from cnn.runs import Run, runs_dir
from cnn.runs.files import RunFiles

if TYPE_CHECKING:
    from torch import Tensor, nn

MOST_KEPT = 8
LOST = 0.1  # of the accuracy: where a curve has fallen so far, the network counts as broken
ATTACK_BATCH = 500


@dataclass
class Robustness:
    """Accuracies, 0-1, by a corruption's name: one for each of its levels. `images` is how many
    test images each was measured on."""

    images: int
    accuracy: dict[str, list[float]] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether every corruption was measured."""
        return self.accuracy.keys() == CORRUPTIONS.keys()

    @property
    def clean_accuracy(self) -> float | None:
        """That on the unchanged images, 0-1; None while no curve was measured."""
        for one in CURVES:
            if one.name in self.accuracy and one.clean is not None:
                return self.accuracy[one.name][one.levels.index(one.clean)]
        return None

    @property
    def mean_corruption_error(self) -> float | None:
        """The mean error, 0-1, over MNIST-C's fifteen corruptions, each with the same weight (not
        divided by another network's errors); None while one of them is missing."""
        try:
            return 1 - float(np.mean([self.accuracy[one.name][0] for one in MNIST_C]))
        except KeyError:
            return None


def measure(
    run: Run, images: Tensor, labels: Tensor, epoch: int | None = None, done: tuple[str, ...] = ()
) -> Iterator[tuple[str, list[float] | None]]:
    """Yields each corruption's name with its accuracies, and before it the name with None.

    `images` uint8 `(N, 28, 28)` and `labels` `(N,)`; `done` are left out. Raises RunError.
    """
    import torch

    from cnn.runs.weights import load_model, logits_of

    model = load_model(run, epoch)
    pixels = images.numpy()

    def share(changed: Tensor) -> float:
        return float((logits_of(run, model, changed).argmax(1) == labels).float().mean())

    clean = share(images)
    for corruption in CORRUPTIONS.values():
        if corruption.name in done:
            continue
        yield corruption.name, None
        accuracies = []
        for level in corruption.levels:
            if level == corruption.clean:
                accuracies.append(clean)
            elif corruption.apply is None:
                accuracies.append(share(attack(run, model, images, labels, level)))
            else:
                accuracies.append(share(torch.from_numpy(corruption.changed(pixels, level))))
        yield corruption.name, accuracies


def attack(run: Run, model: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Images uint8 `(N, 28, 28)` with every pixel `epsilon` (of 0-1) up or down, by the sign of the
    loss's gradient there: float32 in 0-1. (Goodfellow, Shlens and Szegedy, 2015, arXiv:1412.6572.)
    """
    import torch
    import torch.nn.functional as F

    model.eval()
    pixels = images.float() / 255
    parts = []
    for begin in range(0, len(pixels), ATTACK_BATCH):
        part = slice(begin, begin + ATTACK_BATCH)
        x = run.preprocessing(pixels[part]).requires_grad_()
        loss = F.cross_entropy(model(x), labels[part], reduction="sum")
        (gradient,) = torch.autograd.grad(loss, x)
        parts.append((pixels[part] + epsilon * gradient[:, 0].sign()).clamp(0, 1))
    return torch.cat(parts)


def samples(
    run: Run,
    model: nn.Module,
    corruption: Corruption,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
) -> NDArray[np.uint8]:
    """What a corruption makes of some images `(N, 28, 28)`: uint8 `(levels, N, 28, 28)`."""
    import torch

    if corruption.apply is not None:
        return np.stack([corruption.changed(images, level) for level in corruption.levels])
    x, y = torch.from_numpy(images), torch.from_numpy(labels)
    made = [attack(run, model, x, y, level) for level in corruption.levels]
    return (torch.stack(made) * 255).round().byte().numpy()


def what_breaks_it(found: Robustness) -> str | None:
    """In one sentence, what breaks the network first; None while nothing was measured.

    Of the curves the one that first loses ten points on the way from the unchanged image to its
    last level; of MNIST-C the corruption with the lowest accuracy. Where not all is measured yet,
    the sentence says so.
    """
    said = []
    breaks = [b for one in CURVES if (b := breaking_point(one, found)) is not None]
    if breaks:
        _, corruption, level = min(breaks, key=lambda b: b[0])
        said.append(
            f"{corruption.label.lower() if corruption.name != 'fgsm' else corruption.label} breaks "
            f"it first (ten points are lost at {level:.2g} {corruption.unit})"
        )
    elif all(one.name in found.accuracy for one in CURVES):
        said.append("none of the curves costs it ten points")
    known = [
        (found.accuracy[one.name][0], one.label) for one in MNIST_C if one.name in found.accuracy
    ]
    if known:
        accuracy, label = min(known)
        said.append(
            f"of MNIST-C's corruptions {label.lower()} does, which leaves "
            f"{percent(accuracy, 0)} right"
        )
    if not said:
        return None
    so_far = "" if found.is_complete else "of what is measured so far, "
    text = so_far + "; ".join(said)
    return f"{text[:1].upper()}{text[1:]}."


def breaking_point(
    corruption: Corruption, found: Robustness
) -> tuple[float, Corruption, float] | None:
    """Where a curve has lost ten points of accuracy, between two levels linearly: the share of the
    way from the clean level to the last on that side, the corruption, and the level. None where it
    has not, or was not measured."""
    accuracies = found.accuracy.get(corruption.name)
    if accuracies is None or corruption.clean is None:
        return None
    clean = corruption.levels.index(corruption.clean)
    limit = accuracies[clean] - LOST
    sides = []
    for step, last in ((1, len(accuracies) - 1), (-1, 0)):
        for at in range(clean, last, step):
            before, after = accuracies[at], accuracies[at + step]
            if before >= limit > after:
                part = (before - limit) / (before - after)
                low, high = corruption.levels[at], corruption.levels[at + step]
                level = low + part * (high - low)
                span = corruption.levels[last] - corruption.clean
                sides.append(((level - corruption.clean) / span, corruption, level))
                break
    return min(sides, key=lambda side: side[0], default=None)


def load(run: Run, epoch: int | None = None) -> Robustness | None:
    """What is kept of the weights after an epoch (None: the newest); None where nothing is. Raises
    RunError for a run without weights."""
    key = _key(run, epoch)
    return read(_read(run).get(key))


def read(kept: object) -> Robustness | None:
    """Kept results, checked; a corruption that does not fit today's levels is left out."""
    if not isinstance(kept, dict) or not isinstance(kept.get("images"), int):
        return None
    if kept["images"] < 1 or not isinstance(kept.get("accuracy"), dict):
        return None
    found = Robustness(kept["images"])
    for name, one in CORRUPTIONS.items():
        values = kept["accuracy"].get(name)
        if isinstance(values, list) and len(values) == len(one.levels) and all(map(_share, values)):
            found.accuracy[name] = [float(value) for value in values]
    return found


def _share(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value <= 1


def keep(run: Run, found: Robustness, epoch: int | None = None) -> None:
    """Keep results with the run; of one that is only looked at, beside one's own. Raises RunError;
    a disk that does not take them only costs the time again."""
    key = _key(run, epoch)
    others = [(k, v) for k, v in _read(run).items() if k != key][1 - MOST_KEPT :]
    path = _path(run)
    with contextlib.suppress(OSError):
        if not run.is_own:
            path.parent.mkdir(parents=True, exist_ok=True)
        value = {"images": found.images, "accuracy": found.accuracy}
        write_json(path, {**dict(others), key: value})


def forget(run: Run, epoch: int | None = None) -> None:
    """Drop what is kept of these weights, so that it is measured anew. Raises RunError."""
    key = _key(run, epoch)
    others = {k: v for k, v in _read(run).items() if k != key}
    with contextlib.suppress(OSError):
        write_json(_path(run), others)


def _read(run: Run) -> dict[str, object]:
    return read_json(_path(run)) or {}


def _path(run: Run) -> Path:
    """What is only looked at is never written to."""
    if run.is_own:
        return run.files.robustness
    return RunFiles(runs_dir() / ".examples" / run.id).robustness


def _key(run: Run, epoch: int | None) -> str:
    """By which results are known: a digest of the weights, and of the data they were measured on.
    Raises RunError."""
    content = run.weights_path(epoch).read_bytes()
    data = datasets.at_hand(run.config.dataset)
    return f"{data} {hashlib.sha256(content).hexdigest()[:16]}"
