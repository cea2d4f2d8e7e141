"""Teaching a trained run somebody's own digits: an ordinary run that starts from its weights.

The new run's folder holds what it needs besides a config: `start.safetensors` (the weights it
starts from), `mine.safetensors` (the digits, and which of them are held back), `finetune.json`
(where it came from). Some images of the old training set are mixed in, against forgetting
(rehearsal: Robins, 1995, Connection Science 7).
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnn import runs
from cnn.common.files import read_json, write_json, write_tensors
from cnn.drawing import my_digits

if TYPE_CHECKING:
    from cnn.datasets import Images

REHEARSAL = 4000  # images of the old training set that are shown again
SHARE = 0.25  # of an epoch that is made of the new digits, repeated as often as that takes
HOLD_BACK = 4  # every fourth digit of a class is held back, to see what was learned, not stored
FEWEST = 5


def held_back(labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which digits are never trained on: of each class the fourth, the eighth and so on."""
    held = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        held[np.flatnonzero(labels == label)[HOLD_BACK - 1 :: HOLD_BACK]] = True
    return held


def new(
    parent: runs.Run, drawings: list[my_digits.Drawing], epochs: int = 3, rate: float = 0.001
) -> runs.Run:
    """Make the run's folder; `runs.launch` starts it. Raises RunError."""
    import torch

    if len(drawings) < FEWEST:
        raise runs.RunError(f"Keep at least {FEWEST} digits first; there are {len(drawings)}.")
    config = parent.config
    weights = parent.weights_path()
    if len(config.classes) != 10:
        raise runs.RunError(f"'{parent.name}' does not read the ten digits.")
    settings = config.settings.model_copy(
        update={
            "epochs": epochs,
            "batch_size": 64,
            "optimizer": "adamw",
            "learning_rate": rate,
            "schedule": "cosine",
            "validation_images": 0,
        }
    )
    images, labels = my_digits.images(drawings)
    run = runs.create(
        runs.Config(
            **{
                **{name: getattr(config, name) for name in type(config).model_fields},
                "settings": settings,
                "start_from": parent.id,
                "preset": None,
                "created": time.time(),
            }
        ),
        f"{parent.name}, with my digits",
    )
    try:
        shutil.copyfile(weights, run.path / "start.safetensors")
        write_tensors(
            run.path / "mine.safetensors",
            {
                "images": torch.from_numpy((images * 255).round().astype(np.uint8)),
                "labels": torch.from_numpy(labels),
                "held": torch.from_numpy(held_back(labels)),
            },
        )
        write_json(
            run.path / "finetune.json",
            {
                "from": parent.id,
                "name": parent.name,
                "test_accuracy": parent.status().get("test_accuracy"),
            },
        )
    except OSError as error:
        shutil.rmtree(run.path, ignore_errors=True)
        raise runs.RunError(f"The run's folder could not be filled: {error.strerror}.") from error
    return run


def _tensors(run: runs.Run, name: str) -> dict[str, Any]:
    from cnn.runs.weights import read_tensors

    try:
        return read_tensors(run.path / name)
    except Exception as error:
        raise runs.RunError(f"'{run.name}': its {name} is missing or damaged.") from error


def mixed(run: runs.Run, images: Images) -> Images:
    """The training set of such a run: some old images, and the new digits over and over. The test
    set stays what it was."""
    import torch

    mine = _tensors(run, "mine.safetensors")
    new_x, new_y = mine["images"][~mine["held"]], mine["labels"][~mine["held"]]
    generator = torch.Generator().manual_seed(run.config.settings.seed)
    old = torch.randperm(len(images.train_images), generator=generator)[:REHEARSAL]
    times = max(1, round(SHARE / (1 - SHARE) * len(old) / max(1, len(new_x))))
    return images._replace(
        train_images=torch.cat([images.train_images[old], new_x.repeat(times, 1, 1)]),
        train_labels=torch.cat([images.train_labels[old], new_y.repeat(times)]),
    )


def start(run: runs.Run, model: Any) -> None:
    """Give `model` the weights that the run starts from. Raises RunError."""
    weights = _tensors(run, "start.safetensors")
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise runs.RunError(f"'{run.name}': its start weights are of another network.") from error


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


def effect(run: runs.Run) -> Effect:
    """What the fine-tuning did. Raises RunError where a file is missing or damaged."""
    from cnn.runs.weights import load_model
    from cnn.training.inference import predict_logits

    mine = _tensors(run, "mine.safetensors")
    held = mine["held"].numpy()
    rows = []
    for epoch in (0, None):
        scores = predict_logits(load_model(run, epoch), mine["images"], run.preprocessing)
        right = (scores.argmax(1) == mine["labels"]).numpy()
        rows.append([float(right[part].mean()) if part.any() else None for part in (~held, held)])
    about = read_json(run.path / "finetune.json") or {}
    return Effect(
        (rows[0][0], rows[1][0]),
        (rows[0][1], rows[1][1]),
        (about.get("test_accuracy"), run.status().get("test_accuracy")),
        int(held.sum()),
    )
