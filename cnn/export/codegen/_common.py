"""What both generators say alike: titles, numbers, schedules."""

from __future__ import annotations

from cnn.datasets import DATASETS, DIGITS, DataSet
from cnn.network import Architecture, ArchitectureError
from cnn.training import Settings

BUNDLED_INSTEAD = "mnist"  # whose first images the bundled sample is part of

# What `cnn.settings.schedule_factor` returns, written out for one schedule each.
SCHEDULES: dict[str, str] = {
    "constant": '''\
def schedule(progress):
    """What the learning rate is multiplied by: always 1."""
    return 1.0
''',
    "step": '''\
def schedule(progress):
    """What the learning rate is multiplied by, after a share of all steps: a tenth, twice."""
    return 1.0 if progress < 0.6 else 0.1 if progress < 0.85 else 0.01
''',
    "cosine": '''\
def schedule(progress):
    """What the learning rate is multiplied by, after a share of all steps: down along a cosine."""
    return (1 + math.cos(math.pi * progress)) / 2
''',
    "one-cycle": '''\
def schedule(progress):
    """What the learning rate is multiplied by, after a share of all steps: up, then down.

    Smith, 2018, arXiv:1803.09820.
    """

    def cosine(start, end, part):
        return end + (start - end) * (1 + math.cos(math.pi * part)) / 2

    if progress < 0.3:
        return cosine(1 / 25, 1.0, progress / 0.3)
    return cosine(1.0, 1 / 250_000, (progress - 0.3) / 0.7)
''',
}


def checked(architecture: Architecture) -> Architecture:
    """The architecture itself. Raises ArchitectureError where it cannot work."""
    if problem := architecture.problem():
        raise ArchitectureError(problem)
    return architecture


def source_dataset(name: str) -> DataSet:
    """The data set a script can fetch: the bundled sample's script takes all of MNIST."""
    dataset = DATASETS[name]
    return dataset if dataset.torchvision_name else DATASETS[BUNDLED_INSTEAD]


def data_notes(name: str, settings: Settings) -> str:
    """Sentences for the script's head where it trains on other images than the app did."""
    notes = ""
    if not DATASETS[name].torchvision_name:
        notes += (
            "\nThe playground trained on its bundled sample of 5,000; this takes all of MNIST.\n"
        )
    if settings.handwriting and DATASETS[name].classes == DIGITS:
        notes += (
            "\nThe playground also learned from 3,000 digits drawn in other schools' forms, and "
            "from\ncopies in a broad pen.\n"
        )
    return notes


def facts(architecture: Architecture) -> str:
    """`61,042 parameters; 4,600,000 multiply-adds per image`."""
    return (
        f"{architecture.parameters:,} parameters; "
        f"{architecture.multiply_adds:,} multiply-adds per image"
    )


def commented(lines: list[tuple[str, str]], indent: str) -> str:
    """Source lines with their comments, one below the other."""
    return "\n".join(f"{indent}{code},  # {comment}" for code, comment in lines)
