"""Digits drawn anew from templates: the forms that other schools teach and MNIST hardly holds.

MNIST was written by Americans. Elsewhere a one has a long upstroke, a nine stands on a curled
foot, a seven is crossed, a four is left open: read by a network that never met them, a one is a
seven and a nine a three. *Handwriting* adds some thousand such digits to the training images, each
template deformed at random. The templates are ours; no pen digit of any collection is among them.

torch is imported inside functions: the first page is painted without it.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnn.common.files import write_tensors
from cnn.datasets import DATASETS, data_dir
from cnn.drawing.templates import image_of, templates

if TYPE_CHECKING:
    from torch import Tensor

    from cnn.training import Settings

PER_DIGIT = 300
COPIES = 6000  # in a thick pen
CACHE = "handwriting-forms-1.safetensors"  # in the data folder: another number for other templates

TEMPLATES = {int(name): forms for name, forms in templates().items() if name.isdigit()}


def generate(
    per_digit: int = PER_DIGIT, seed: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images uint8 `(N, 28, 28)`, ink bright, prepared as drawings are, and their labels `(N,)`."""
    random = np.random.default_rng(seed)
    images = [
        image_of(forms[number % len(forms)], random)
        for forms in TEMPLATES.values()
        for number in range(per_digit)
    ]
    return np.stack(images), np.repeat(np.array(list(TEMPLATES), np.int64), per_digit)


def load() -> tuple[Tensor, Tensor]:
    """The images and labels of `generate`, drawn once (a second) and kept in the data folder."""
    import torch
    from safetensors.torch import load_file

    cache = data_dir() / CACHE
    try:
        tensors = load_file(cache)
        images, labels = tensors["images"], tensors["labels"]
        if images.dtype != torch.uint8 or images.shape != (10 * PER_DIGIT, 28, 28):
            raise ValueError("another file of that name")
    except Exception:  # absent, cut short or foreign: made anew
        images, labels = map(torch.from_numpy, generate())
        with contextlib.suppress(OSError):  # a read-only data folder only costs the time again
            cache.parent.mkdir(parents=True, exist_ok=True)
            write_tensors(cache, {"images": images, "labels": labels})
    return images, labels


def additional_images(
    dataset: str, settings: Settings, images: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor] | None:
    """What Handwriting adds to the training images of a data set of digits: uint8 `(N, 28, 28)`,
    int64 `(N,)`: digits in other forms, and some of the `images` written with a thick pen.

    None without Handwriting, or where the classes are no digits.
    """
    import torch

    from cnn.drawing.thick_pen import thickened

    counts = _counts(dataset, settings, len(images))
    if counts is None:
        return None
    forms, copies = counts
    other_forms = load()
    if forms < len(other_forms[0]):
        few = torch.linspace(0, len(other_forms[0]) - 1, forms).long()
        other_forms = other_forms[0][few], other_forms[1][few]
    parts = [
        other_forms,
        thickened(images, labels, copies),
        thickened(*other_forms, len(other_forms[0]) // 2),
    ]
    return torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts])


def additional_count(dataset: str, settings: Settings, images: int) -> int:
    """How many images `additional_images` makes of so many training images."""
    counts = _counts(dataset, settings, images)
    return 0 if counts is None else counts[0] + min(counts[1], images) + counts[0] // 2


def _counts(dataset: str, settings: Settings, images: int) -> tuple[int, int] | None:
    """How many digits in other forms Handwriting adds, and how many copies in a thick pen at most;
    None where it adds nothing. To few images it adds few: else these would be all it learns."""
    if not settings.handwriting or not DATASETS[dataset].has_digits:
        return None
    forms = len(TEMPLATES) * PER_DIGIT
    if settings.train_images is None:
        return forms, COPIES
    part = images / DATASETS[dataset].train_images
    return round(part * forms), round(part * COPIES)
