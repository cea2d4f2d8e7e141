"""What the PyTorch and the Keras script have in common: head, constants, layers, schedule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from cnn.datasets import DATASETS, DataSet
from cnn.network import Architecture, ArchitectureError
from cnn.network.layers import show
from cnn.runs.first_filter import FirstFilter
from cnn.training import Settings

if TYPE_CHECKING:
    from cnn.datasets import Preprocessing

BUNDLED_INSTEAD = "mnist"  # whose first images the bundled sample is part of

# What `cnn.training.schedule_factor` returns, written out for one schedule each.
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


def source_dataset(name: str) -> DataSet:
    """The data set a script can fetch: the bundled sample's script takes all of MNIST."""
    dataset = DATASETS[name]
    return dataset if dataset.torchvision_name else DATASETS[BUNDLED_INSTEAD]


def data_notes(name: str, settings: Settings) -> str:
    """Sentences for the script's head where it trains on other images than the app did."""
    notes = ""
    if not DATASETS[name].torchvision_name:
        notes += "\nThe playground trained on its bundled sample of 5,000; "
        notes += "this takes all of MNIST.\n"
    if settings.handwriting and DATASETS[name].has_digits:
        notes += "\nThe playground also learned from 3,000 digits drawn in other schools' forms, "
        notes += "and from\ncopies in a thick pen.\n"
    return notes


def head(architecture: Architecture, title: str) -> dict[str, str]:
    """A script's title and size for its template. Raises ArchitectureError where the network
    cannot work."""
    if problem := architecture.problem():
        raise ArchitectureError(problem)
    # A title cannot end the docstring it stands in.
    kept = "".join(c for c in title if c.isprintable() and c not in '"\\{}')
    parameters, multiply_adds = architecture.parameters, architecture.multiply_adds
    facts = f"{parameters:,} parameters; {multiply_adds:,} multiply-adds per image"
    return {"title": " ".join(kept.split())[:80] or "My network", "facts": facts}


def constants(
    settings: Settings, preprocessing: Preprocessing, dataset: str, more: Iterable[str] = ()
) -> str:
    """The numbers of a training, one a line; `more` stands after the learning rate."""
    held_out = settings.held_out(DATASETS[dataset])
    lines = [
        f"SEED = {settings.seed}",
        f"EPOCHS = {settings.epochs}",
        f"BATCH_SIZE = {settings.batch_size}",
        f"LEARNING_RATE = {settings.learning_rate!r}",
        *more,
        f"VALIDATION_IMAGES = {held_out}  # held out of the training images",
        mean_and_std(preprocessing),
    ]
    return "\n".join(lines)


def first_filter_constant(rows: FirstFilter | None) -> str:
    """The lines that declare a filter made by hand, after the other constants; none without one."""
    if not rows:
        return ""
    lines = "".join(f"    {list(row)!r},\n" for row in rows)
    return f"\nFIRST_FILTER = [  # what filter 0 of the first layer starts from\n{lines}]"


def mean_and_std(preprocessing: Preprocessing) -> str:
    """The line that declares a run's normalisation."""
    return f"MEAN, STD = {preprocessing.mean!r}, {preprocessing.std!r}  # of pixels in 0-1"


def layer_lines(architecture: Architecture, keras: bool) -> str:
    """The layers' sources with their output shapes as comments, one below the other."""
    indent, identity = (12, 'layers.Activation("linear")') if keras else (8, "nn.Identity()")
    lines = []
    for row in architecture.table():
        layer, shape = row.layer, row.input_shape
        assert shape is not None and row.output_shape is not None
        if row.skipped:
            lines.append((identity, f"switched off: {layer.summary}"))
            continue
        *before, last = layer.keras_source(shape) if keras else [layer.torch_source(shape)]
        lines += [(source, "as PyTorch has it") for source in before]
        lines.append((last, show(row.output_shape)))
    return "\n".join(f"{' ' * indent}{code},  # {comment}" for code, comment in lines)


def arguments(options: Mapping[str, object]) -> str:
    """Named arguments as source, each after a comma; those that are None are left out."""
    return "".join(f", {key}={value!r}" for key, value in options.items() if value is not None)
