"""TensorBoard's event file, read back record by record as its format says (TFRecord)."""

from __future__ import annotations

import io
import struct
import zipfile

import numpy as np
from tensorboardX.proto.event_pb2 import Event

from cnn.runs.tensorboard import to_tensorboard
from tests.made_runs import made_run


def events(content: bytes) -> list[Event]:
    """Length (8 bytes), its checksum (4), the event, its checksum (4); and so on."""
    found = []
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        found.append(Event.FromString(content[12 : 12 + length]))
        content = content[16 + length :]
    return found


def test_every_value_is_in_the_event_file():
    run = made_run("Board", (0.5, 0.75))
    with zipfile.ZipFile(io.BytesIO(to_tensorboard(run))) as archive:
        (name,) = archive.namelist()
        content = archive.read(name)
    assert name.startswith(f"{run.id}/events.out.tfevents.")
    found: dict[str, list[tuple[int, float]]] = {}
    for event in events(content):
        for value in event.summary.value:
            found.setdefault(value.tag, []).append((event.step, value.simple_value))
    steps = np.arange(1, 21)
    np.testing.assert_allclose(found["loss/training"], np.stack([steps, 2 / steps], 1), rtol=1e-6)
    assert found["epoch/accuracy/validation"] == [(10, 0.5), (20, 0.75)]
    np.testing.assert_allclose(found["learning_rate"], [(10, 0.01), (20, 0.01)], rtol=1e-6)
