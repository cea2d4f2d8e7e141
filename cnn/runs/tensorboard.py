"""A run's metrics as TensorBoard's event file, for those who keep their curves there.

Written by tensorboardX: PyTorch's own writer needs the whole TensorBoard (a web server among it).
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from cnn.runs import metrics
from cnn.runs.run import Run, RunError

# By the name of a value at an epoch's end.
TAGS = {
    "train_loss": "epoch/loss/training",
    "validation_loss": "epoch/loss/validation",
    "train_accuracy": "epoch/accuracy/training",
    "validation_accuracy": "epoch/accuracy/validation",
}


def to_tensorboard(run: Run) -> bytes:
    """A zip file of one folder with one event file: `tensorboard --logdir` shows it. By the step
    (batches seen): the training loss of every report, learning rate, images per second; and what
    was measured after each epoch. Raises RunError where it cannot be written."""
    from tensorboardX import SummaryWriter

    try:
        with tempfile.TemporaryDirectory() as temporary, io.BytesIO() as packed:
            with SummaryWriter(temporary) as writer:
                for tag, value, step in scalars(run):
                    writer.add_scalar(tag, value, step, walltime=run.config.created)
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                for path in Path(temporary).iterdir():
                    archive.write(path, f"{run.id}/{path.name}")
            return packed.getvalue()
    except OSError as error:
        raise RunError(f"'{run.name}' could not be written: {error.strerror}.") from error


def scalars(run: Run) -> Iterator[tuple[str, float, int]]:
    """Every value that was measured: its tag, the value, the step."""
    for row in metrics.read_whole(run.files.metrics):
        step = int(row["step"])
        if row["kind"] == "epoch":
            values = {tag: row.get(name) for name, tag in TAGS.items()}
        else:
            yield from (("loss/training", loss, int(at)) for at, loss in row["losses"])
            names = ("learning_rate", "images_per_second")
            values = {name: row.get(name) for name in names}
        for tag, value in values.items():
            if isinstance(value, int | float):
                yield tag, float(value), step
