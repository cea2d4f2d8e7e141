"""The out-of-distribution detector: a small network that tells digits from other drawings.

It learns the data set's own images, and digits in the forms of other schools, against things that
are none (outlier exposure: Hendrycks, Mazeika and Dietterich, 2019): random strokes, letters, and
images put together of two halves, turned, mirrored or laid over one another (`non_digits`).
"""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from cnn import datasets
from cnn.common.files import write_tensors
from cnn.common.progress import Progress, silent
from cnn.common.random_state import OwnRandomState
from cnn.drawing import synthetic_digits
from cnn.recognition.non_digits import letters, random_strokes, spliced
from cnn.runs.folders import examples_dir
from cnn.training import Settings
from cnn.training.augmentation import augment

REFUSED = 0.035  # share of real digits, varied as hands vary them, that fall below the threshold
IMAGES = 8_000  # of each kind
LETTERS = 4_000
HELD_OUT = 2_000
EPOCHS = 6
VERSION = 3  # of the detector; what another version kept is made anew
_fitting = threading.Lock()


class Detector(nn.Module):
    """`logits` of images; from `threshold` on they mean a digit.

    `held_out`: real images uint8 `(count, 28, 28)`, half of them varied, to calibrate by; none of
    one that came with the app (see `held_out_images`).
    """

    threshold: Tensor
    held_out: Tensor

    def __init__(self, count: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in ((1, 20), (20, 40), (40, 64)):
            layers += [
                nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
            ]
        layers += [nn.Flatten(), nn.Dropout(0.2), nn.Linear(64 * 16, 1), nn.Flatten(0)]
        self.network = nn.Sequential(*layers)
        self.register_buffer("threshold", torch.zeros(()))
        self.register_buffer("held_out", torch.zeros(count, 28, 28, dtype=torch.uint8))

    @torch.inference_mode()
    def logits(self, images: Tensor) -> Tensor:
        """Float32 `(N,)` of images `(N, 28, 28)` in 0-1."""
        return self.eval().network(images.unsqueeze(1))


_detectors: dict[str, Detector] = {}


def load(dataset: str, progress: Progress = silent) -> Detector:
    """The detector of a data set: from memory, as it came with the app, from the data folder, or
    fitted now (some seconds), which alone reports `progress`.

    Raises DataError where it has to be fitted and the data set is missing.
    """
    with _fitting:
        if dataset not in _detectors:
            kept = path_of(dataset)
            found = _read(examples_dir() / kept.name) or _read(kept)
            if found is None:
                found = fit(dataset, progress=progress)
                with contextlib.suppress(OSError):  # a read-only folder only costs the time again
                    kept.parent.mkdir(parents=True, exist_ok=True)
                    write_tensors(kept, found.state_dict())
            _detectors[dataset] = found
        return _detectors[dataset]


def _read(path: Path) -> Detector | None:
    """The detector in a file; None where that is absent, cut short or foreign."""
    try:
        tensors = load_file(path)
        found = Detector(len(tensors["held_out"]))
        found.load_state_dict(tensors)
    except Exception:
        return None
    return found


def path_of(dataset: str) -> Path:
    """Where a data set's detector is kept."""
    return datasets.data_dir() / f"digit-detector-{VERSION}-{dataset}.safetensors"


def publish(fitted: Detector, folder: Path, dataset: str) -> None:
    """Keep a detector in the folder of what comes with the app, without the images held out: they
    are ten times as large. Raises OSError."""
    tensors = {**fitted.state_dict(), "held_out": fitted.held_out[:0]}
    write_tensors(folder / path_of(dataset).name, tensors)


def held_out_images(fitted: Detector, dataset: str) -> Tensor:
    """The real images to calibrate by, uint8 `(N, 28, 28)`, half of them varied: those kept with
    the detector, or as many of the data set at hand. Raises DataError."""
    if len(fitted.held_out):
        return fitted.held_out
    images = datasets.load(datasets.at_hand(dataset)).train_images
    with OwnRandomState(0):
        return _bytes_varied(images[_order(images)[: _held_out(images)]])


def _order(images: Tensor) -> Tensor:
    """A random order of a data set's images, int64; those that come first are held out."""
    return torch.randperm(len(images))


def _held_out(images: Tensor) -> int:
    """How many of a data set's images are held out."""
    return min(HELD_OUT, len(images) // 5)


def fit(dataset: str, seed: int = 0, progress: Progress = silent) -> Detector:
    """A detector trained for a data set. Raises DataError.

    Neither reads nor changes torch's global random state.
    """
    progress(0.0)
    digits = datasets.DATASETS[dataset].has_digits
    # A run of digits that came from another machine is measured by the digits that are at hand.
    images = datasets.load(datasets.at_hand(dataset))
    with OwnRandomState(seed):
        order = _order(images.train_images)
        held_out = order[: _held_out(images.train_images)]
        rest = order[len(held_out) :]
        chosen = rest[torch.arange(min(IMAGES, 2 * len(order))) % len(rest)]
        found = Detector(len(held_out))
        real = images.train_images[chosen].float() / 255
        x, y = _examples(real, images.train_labels[chosen], digits, seed)
        _train(found.network, x, y, progress)
        found.held_out = _bytes_varied(images.train_images[held_out])
        found.threshold = found.logits(found.held_out / 255).quantile(REFUSED)
    return found


def _examples(real: Tensor, labels: Tensor, digits: bool, seed: int) -> tuple[Tensor, Tensor]:
    """Images `(N, 1, 28, 28)` in 0-1 to learn from, and whether each is of the data set's kind."""
    half = len(real) // 2
    known = [real]
    other = [
        torch.from_numpy(random_strokes(half, seed)) / 255,
        spliced(real, labels, len(real) - half, digits),
    ]
    if digits:  # those of other schools are digits too
        known.append(synthetic_digits.load()[0] / 255)
        other.append(torch.from_numpy(letters(LETTERS)) / 255)
    x = torch.cat(known + other).unsqueeze(1)
    return x, (torch.arange(len(x)) < sum(map(len, known))).float()


def _varied(x: Tensor) -> Tensor:
    """The images `(N, 1, 28, 28)`, half of them as hands and pens vary them."""
    half = len(x) // 2
    changed = augment(x[:half], Settings(handwriting=1.0), fill=0.0)
    return torch.cat([changed, x[half:]]).clamp(0, 1)


def _bytes_varied(images: Tensor) -> Tensor:
    """The same of images uint8 `(N, 28, 28)`."""
    varied = _varied(images.float().unsqueeze(1) / 255)[:, 0]
    return (varied * 255).round().to(torch.uint8)


def _train(network: nn.Module, x: Tensor, y: Tensor, progress: Progress, batch: int = 256) -> None:
    steps, done = EPOCHS * max(1, len(x) // batch), 0
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.005)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.005, total_steps=steps)
    network.train()
    for _ in range(EPOCHS):
        order = torch.randperm(len(x))
        for begin in range(0, len(x) - batch + 1, batch):
            index = order[begin : begin + batch]
            loss = F.binary_cross_entropy_with_logits(network(_varied(x[index])), y[index])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            done += 1
            progress(done / steps)
