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
from cnn.datasets import DATASETS, DIGITS, data_dir
from cnn.drawing.templates import image_of, parse

if TYPE_CHECKING:
    from torch import Tensor

    from cnn.training import Settings

PER_DIGIT = 300
CACHE = "handwriting-forms-1.safetensors"  # in the data folder: another number for other templates

# Per digit some ways to write it, in the notation of `templates`.
_NOTATION: dict[int, tuple[str, ...]] = {
    0: (
        "52,10 30,22 22,50 32,80 52,90 72,78 78,48 68,20 50,10",
        "60,12 36,20 30,52 40,84 58,88 70,66 68,34 56,12 40,16",
    ),
    1: (
        "18,52 38,32 60,8 | 60,8 56,50 50,92",
        "10,46 34,34 64,10 | 64,10 56,52 46,90",
        "30,36 44,26 56,10 | 56,10 55,50 54,90",
        "14,60 40,36 62,8 | 62,8 60,50 62,92",
        "32,32 54,12 | 54,12 54,88 | 30,88 78,88",
        "54,10 52,50 48,90",
    ),
    2: (
        "26,30 36,14 56,12 68,26 60,50 40,70 26,86 50,86 78,84",
        "30,28 44,12 62,20 62,40 44,66 28,84 34,76 54,86 76,82",
    ),
    3: (
        "28,20 46,10 64,20 62,38 44,48 66,58 70,76 52,90 28,82",
        "28,14 68,14 | 68,14 46,44 | 46,44 68,56 70,78 48,90 26,80",
    ),
    4: (
        "46,10 22,60 | 22,60 82,60 | 64,38 60,92",
        "42,8 36,36 30,60 | 30,60 70,60 | 62,34 60,92",
        "40,8 34,40 30,66 | 30,66 50,68 68,64 | 62,46 60,84",
        "62,92 64,10 | 64,10 22,62 | 22,62 82,62",
    ),
    5: (
        "34,12 30,44 | 30,44 56,40 72,58 64,82 44,90 26,82 | 34,12 72,12",
        "70,12 36,14 | 36,14 30,42 | 30,42 58,42 70,62 58,86 26,84",
    ),
    6: (
        "64,10 40,32 28,62 38,88 60,86 68,68 54,54 34,64",
        "56,8 40,40 36,72 48,90 62,80 58,62 40,68",
        "70,14 56,10 42,34 38,68 46,88 60,80 56,64 36,74",
    ),
    7: (
        "20,14 78,14 | 78,14 58,50 46,92 | 34,52 76,50",
        "22,24 30,14 50,16 76,12 | 76,12 56,54 44,92 | 36,56 70,50",
        "26,18 44,12 64,20 | 64,20 56,56 46,90 | 28,58 76,56",
        "18,16 80,14 | 80,14 62,44 46,92",
    ),
    8: (
        "66,18 46,10 32,26 46,44 64,62 62,84 42,90 32,72 48,50 66,30 66,18",
        "72,10 48,12 36,28 50,48 60,72 48,92 36,76 52,44 74,14",
        "34,34 44,14 60,22 58,42 40,56 36,78 50,92 62,76 52,56 32,36",
    ),
    9: (
        "68,26 50,10 32,24 40,42 60,38 68,24 | 68,24 68,56 58,84 28,86",
        "66,22 48,12 36,26 46,38 66,26 | 66,26 72,60 66,88 44,90 20,84",
        "64,24 46,14 34,28 48,40 64,28 | 64,28 68,58 70,86 | 70,86 44,88 18,88",
        "62,26 48,14 38,24 46,36 62,28 | 62,28 70,54 60,80 40,88 26,78",
        "66,30 48,14 34,30 46,48 64,38 68,22 | 68,22 62,56 54,92",
    ),
}
TEMPLATES = {digit: parse(notation) for digit, notation in _NOTATION.items()}


def generate(
    per_digit: int = PER_DIGIT, seed: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images uint8 `(N, 28, 28)`, ink bright, prepared as drawings are, and their labels `(N,)`."""
    random = np.random.default_rng(seed)
    images = [
        image_of(templates[number % len(templates)], random)
        for templates in TEMPLATES.values()
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

    if not settings.handwriting or DATASETS[dataset].classes != DIGITS:
        return None
    other_forms = load()
    parts = [
        other_forms,
        thickened(images, labels),
        thickened(*other_forms, len(other_forms[0]) // 2),
    ]
    return torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts])
