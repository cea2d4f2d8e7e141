"""The words for a run whose data set is not on this machine: which images stand in for it."""

from __future__ import annotations

from cnn import datasets


def stand_in_note(dataset: str) -> str | None:
    """That the sample's images are used in place of the data set's; None where that is here. Raises
    DataError where there are none at all."""
    used = datasets.at_hand(dataset)
    if used == dataset:
        return None
    count = datasets.DATASETS[used].test_images
    return (
        f"{datasets.DATASETS[dataset].label} is not on this machine: the {count:,} images shown are"
        " the bundled sample's, which a network trained on all of MNIST has learned from."
    )
