"""Training speeds measured on this machine, and an estimate for networks without a measurement.

Every run and every measurement adds its speed to one small file beside the runs. Imports no torch.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

from cnn.common.files import read_json, write_json
from cnn.network import Architecture
from cnn.runs.folders import devices_dir
from cnn.training import SPEED_SETTINGS, Settings
from cnn.training.device import cores

KEPT = 300

# A step's cost on one core with AVX512-bf16, in microseconds: set by hand to the presets'
# noisy timings. It may be wrong by a factor of two or three.
STEP_US, LAYER_US = 400.0, 100.0  # per step
OUTPUT_US, MULTIPLY_ADD_US = 0.9e-3, 24e-6  # per image
FLOAT32_FACTOR = 1.7


@dataclass(frozen=True)
class Speed:
    """Images per second, `memory` in bytes where it was measured, and whether anything was."""

    images_per_second: float
    memory: int | None = None
    measured: bool = False


def speed_key(architecture: Architecture, settings: Settings, device: str) -> str:
    """A name for everything that a measured speed depends on."""
    values = [getattr(settings, name) for name in SPEED_SETTINGS]
    parts = (architecture.model_dump_json(), *values, device)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _file() -> Path:
    return devices_dir() / "speeds.json"


def remember(architecture: Architecture, settings: Settings, device: str, speed: Speed) -> None:
    """Keep a measured speed; where the folder cannot be written, nothing happens."""
    known = read_json(_file()) or {}
    key = speed_key(architecture, settings, device)
    known.pop(key, None)  # the newest goes last
    known[key] = [round(speed.images_per_second, 1), speed.memory]
    with contextlib.suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        write_json(_file(), dict(list(known.items())[-KEPT:]))


def recall(architecture: Architecture, settings: Settings, device: str) -> Speed | None:
    """What was measured of this network at this batch size on this device, None if nothing."""
    try:
        speed, memory = (read_json(_file()) or {})[speed_key(architecture, settings, device)]
        return Speed(float(speed), None if memory is None else int(memory), True)
    except (KeyError, TypeError, ValueError):
        return None


def estimate(architecture: Architecture, settings: Settings, bf16: bool) -> Speed:
    """Images per second on this machine's CPU, from the network's arithmetic alone."""
    rows = architecture.table()
    outputs = sum(math.prod(row.output_shape) for row in rows if row.output_shape)
    arithmetic = outputs * OUTPUT_US + architecture.multiply_adds * MULTIPLY_ADD_US
    arithmetic *= (1.0 if bf16 or not architecture.convolutional else FLOAT32_FACTOR) / cores()
    step = (STEP_US + LAYER_US * len(rows)) / settings.batch_size
    return Speed(1e6 / (step + arithmetic))
