"""Fewer training images, and wrong labels on some: what a network makes of little or bad data."""

from __future__ import annotations

import torch
from torch import Tensor

from cnn.training.settings import Settings


def take_some(
    images: Tensor, labels: Tensor, settings: Settings, classes: int
) -> tuple[Tensor, Tensor]:
    """The first `settings.train_images` of images uint8 `(N, 28, 28)` and labels int64 `(N,)`,
    which are in an order of the seed's, a share `settings.label_noise` of them with a wrong label.

    A wrong label is any other class, each as likely. With neither set, the same tensors come back.
    """
    if settings.train_images is not None:
        images, labels = images[: settings.train_images], labels[: settings.train_images]
    if settings.label_noise:
        generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + 7)
        order = torch.randperm(len(labels), generator=generator)
        wrong = order[: round(settings.label_noise * len(labels))]
        steps = torch.randint(1, classes, (len(wrong),), generator=generator)
        labels = labels.clone()
        labels[wrong] = (labels[wrong] + steps) % classes
    return images, labels
