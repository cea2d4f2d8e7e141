"""Fine-tuning a trained run on somebody's own digits: an ordinary run that starts from its weights.

Besides a config the new run's folder holds these weights, the digits with a mark on those that are
held back, and the parent's accuracy. Some images of the old training set are mixed in, against
forgetting (rehearsal: Robins, 1995, Connection Science 7). The app shows a form for this before
torch is there: functions import it themselves.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnn.common.files import read_json, write_json, write_tensors
from cnn.datasets import DATASETS, Images, at_hand
from cnn.drawing import my_digits
from cnn.runs.copies import copy_of, origin_of
from cnn.runs.records import read_status
from cnn.runs.run import Run, RunError
from cnn.runs.store import versions
from cnn.training import Settings

if TYPE_CHECKING:
    from torch import Tensor, nn

REHEARSAL = 4000  # images of the old training set that are shown again
SHARE = 0.25  # of an epoch that is made of the new digits, repeated as often as that takes
HOLD_BACK = 4  # every fourth digit of a class is held back: learned is more than stored
FEWEST = 5


def held_back(labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which digits are never trained on: of each class the 4th, the 8th and so on; bool `(N,)`."""
    held = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        held[np.flatnonzero(labels == label)[HOLD_BACK - 1 :: HOLD_BACK]] = True
    return held


def create_run(
    parent: Run, drawings: list[my_digits.Drawing], epochs: int = 3, rate: float = 0.001
) -> Run:
    """A new run that fine-tunes `parent`; `runs.launch` starts it. Raises RunError."""
    if len(drawings) < FEWEST:
        raise RunError(f"Keep at least {FEWEST} digits first; there are {len(drawings)}.")
    config, weights = parent.config, parent.weights_path()
    if not config.reads_digits:
        raise RunError(
            f"'{parent.name}' reads {DATASETS[config.dataset].label}, not the digits 0 to 9: it "
            "cannot be taught them. Choose a run that reads digits."
        )
    dataset = at_hand(config.dataset)  # what it rehearses, and is tested on
    with copy_of(
        parent,
        f"{parent.name}, with my digits",
        start_from=parent.id,
        origin=origin_of(parent, f"fine-tuned on {len(drawings)} digits of one's own"),
        settings=settings_for(config.settings, epochs, rate),
        preset=None,
        dataset=dataset,
        versions=versions(),
    ) as run:
        shutil.copyfile(weights, run.files.start_weights)
        _write_digits(run.files.my_digits, drawings)
        same_test = dataset == config.dataset
        accuracy = parent.status().get("test_accuracy") if same_test else None
        about = {"from": parent.id, "name": parent.name, "test_accuracy": accuracy}
        write_json(run.files.parent, about)
    return run


def settings_for(parent: Settings, epochs: int, rate: float) -> Settings:
    """The settings of a fine-tuning: what the parent's images and network need is kept, and no
    image is held out, so nothing can stop it early."""
    return parent.changed(
        epochs=epochs,
        batch_size=64,
        optimizer="adamw",
        learning_rate=rate,
        schedule="cosine",
        validation_images=0,
        early_stopping=0,
    )


def _write_digits(file: Path, drawings: list[my_digits.Drawing]) -> None:
    import torch

    images, labels = my_digits.images(drawings)
    pixels = (images * 255).round().astype(np.uint8)
    digits = {"images": pixels, "labels": labels, "held": held_back(labels)}
    write_tensors(file, {name: torch.from_numpy(array) for name, array in digits.items()})


def read_file(run: Run, file: Path) -> dict[str, Tensor]:
    """The tensors in one of the run's files. Raises RunError where it is missing or damaged."""
    from cnn.runs.weights import read_tensors

    try:
        return read_tensors(file)
    except Exception as error:
        raise RunError(f"'{run.name}': its {file.name} is missing or damaged.") from error


def _read_digits(run: Run) -> dict[str, Tensor]:
    """`images` uint8 `(N, 28, 28)`, `labels` int64 and `held` bool `(N,)`. Raises RunError."""
    import torch

    mine = read_file(run, run.files.my_digits)
    kinds = {"images": torch.uint8, "labels": torch.int64, "held": torch.bool}
    count = len(mine["labels"]) if mine.get("labels", torch.tensor(0)).ndim == 1 else -1
    shapes = {"images": (count, 28, 28), "labels": (count,), "held": (count,)}
    fit = all(
        name in mine and mine[name].dtype == kinds[name] and mine[name].shape == shape
        for name, shape in shapes.items()
    )
    classes = len(run.config.classes)
    if not fit or not ((mine["labels"] >= 0) & (mine["labels"] < classes)).all():
        raise RunError(f"'{run.name}': its {run.files.my_digits.name} does not hold digits.")
    return mine


def mix_images(run: Run, images: Images) -> Images:
    """The training set of such a run: some old images, and the new digits over and over. The test
    set stays what it was."""
    import torch

    mine = _read_digits(run)
    new_x, new_y = mine["images"][~mine["held"]], mine["labels"][~mine["held"]]
    generator = torch.Generator().manual_seed(run.config.settings.seed)
    old = torch.randperm(len(images.train_images), generator=generator)[:REHEARSAL]
    times = max(1, round(SHARE / (1 - SHARE) * len(old) / max(1, len(new_x))))
    return images._replace(
        train_images=torch.cat([images.train_images[old], new_x.repeat(times, 1, 1)]),
        train_labels=torch.cat([images.train_labels[old], new_y.repeat(times)]),
    )


def load_start_weights(run: Run, model: nn.Module) -> None:
    """Give `model` the weights that the run starts from. Raises RunError."""
    weights = read_file(run, run.files.start_weights)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise RunError(f"'{run.name}': its start weights are of another network.") from error


def is_finetuned(run: Run) -> bool:
    """Whether a run was taught somebody's digits, so that `measure_effect` has something to say."""
    return bool(run.config.start_from) and run.files.my_digits.is_file()


@dataclass(frozen=True)
class Effect:
    """Before and after, accuracies in 0-1, None where there is nothing to measure.

    `learned`: the digits it was trained on. `held`: the digits it never saw. `test`: the data
    set's own test images, on which forgetting is seen.
    """

    learned: tuple[float | None, float | None]
    held: tuple[float | None, float | None]
    test: tuple[float | None, float | None]
    held_digits: int


def measure_effect(run: Run) -> Effect:
    """What the fine-tuning did. Raises RunError where a file is missing or damaged."""
    from cnn.runs.weights import load_model, logits_of

    mine = _read_digits(run)
    held = mine["held"].numpy()
    rows = []
    for epoch in (0, None):
        logits = logits_of(run, load_model(run, epoch), mine["images"])
        right = (logits.argmax(1) == mine["labels"]).numpy()
        rows.append([float(right[part].mean()) if part.any() else None for part in (~held, held)])
    learned, held_digits = zip(*rows, strict=True)
    parent = read_status(read_json(run.files.parent))  # of which it holds the test accuracy
    test = (parent.get("test_accuracy"), run.status().get("test_accuracy"))
    return Effect(learned, held_digits, test, int(held.sum()))
