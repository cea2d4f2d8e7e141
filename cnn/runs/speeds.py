"""How fast networks were seen to train on this machine, and a guess for those that were not.

Every run and every measurement leaves its speed in one small file beside the runs. Imports no
torch.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
from dataclasses import dataclass
from typing import Any

from cnn.common.files import read_json, write_json
from cnn.network import Architecture
from cnn.runs.run import runs_dir
from cnn.training import Settings
from cnn.training.devices import cores

KEPT = 300

# A step's cost on one core with AVX512-bf16, in microseconds: set by hand to the presets'
# noisy timings. A guess: now and then out by a factor of two or three; Measure replaces it.
STEP_US, LAYER_US = 400.0, 100.0  # per step
OUTPUT_US, MULTIPLY_ADD_US = 0.9e-3, 24e-6  # per image
FLOAT32_FACTOR = 1.7


@dataclass(frozen=True)
class Speed:
    """Images per second, `memory` in bytes where it was measured, and whether anything was."""

    images_per_second: float
    memory: int | None = None
    measured: bool = False


def _key(architecture: Architecture, settings: Settings, device: str) -> str:
    """What a speed depends on, as a name."""
    parts = (
        architecture.model_dump_json(), settings.batch_size, settings.optimizer,
        settings.precision, settings.augments, device,
    )  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def remember(
    architecture: Architecture,
    settings: Settings,
    device: str,
    images_per_second: float,
    memory: int | None = None,
) -> None:
    """Keep what was measured; a folder that cannot be written only costs the memory of it."""
    path = runs_dir() / ".devices" / "speeds.json"
    known: dict[str, Any] = read_json(path) or {}
    key = _key(architecture, settings, device)
    known.pop(key, None)  # the newest goes last
    known[key] = [round(images_per_second, 1), memory]
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, dict(list(known.items())[-KEPT:]))


def recall(architecture: Architecture, settings: Settings, device: str) -> Speed | None:
    """What was measured of this network at this batch size on this device, None if nothing."""
    known = read_json(runs_dir() / ".devices" / "speeds.json") or {}
    value = known.get(_key(architecture, settings, device))
    try:
        speed, memory = value  # type: ignore[misc]
        return Speed(float(speed), None if memory is None else int(memory), True)
    except (TypeError, ValueError):
        return None


def guess(architecture: Architecture, settings: Settings, bf16: bool) -> Speed:
    """Images per second on this machine's CPU, from the network's arithmetic alone."""
    rows = architecture.table()
    outputs = sum(math.prod(row.output_shape) for row in rows if row.output_shape)
    arithmetic = outputs * OUTPUT_US + architecture.multiply_adds * MULTIPLY_ADD_US
    arithmetic *= (1.0 if bf16 or not architecture.convolutional else FLOAT32_FACTOR) / cores()
    step = (STEP_US + LAYER_US * len(rows)) / settings.batch_size
    return Speed(1e6 / (step + arithmetic))
