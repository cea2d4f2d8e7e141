"""Data sets: the catalogue, reading and splitting them, preprocessing. Imports no torch at first.

`download` fetches them.
"""

from cnn.datasets.catalogue import (
    DATASETS,
    DIGITS,
    FILES,
    DataError,
    DataSet,
    are_digits,
    at_hand,
    data_dir,
    default_dataset,
    is_on_disk,
    require_on_disk,
)
from cnn.datasets.loading import Images, load, split
from cnn.datasets.preprocessing import Preprocessing, preprocessing_for

__all__ = [
    "DATASETS",
    "DIGITS",
    "FILES",
    "DataError",
    "DataSet",
    "Images",
    "Preprocessing",
    "are_digits",
    "at_hand",
    "data_dir",
    "default_dataset",
    "is_on_disk",
    "load",
    "preprocessing_for",
    "require_on_disk",
    "split",
]
