"""Training speeds measured on this machine, and an estimate for networks without a measurement.

Every run and every measurement adds its speed to one small file beside the runs, for this machine
and this version of torch. Imports no torch.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import math
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from cnn.common.files import read_json, write_json
from cnn.network import Architecture
from cnn.runs.folders import devices_dir
from cnn.training import SPEED_SETTINGS, Settings
from cnn.training.device import cores, cpu_name

KEPT = 300

# A step's cost on one core with AVX512-bf16, in microseconds: set by hand to the presets' timings.
# `calibration` finds by what factors this machine differs.
STEP_US, LAYER_US = 400.0, 100.0  # per step
OUTPUT_US, MULTIPLY_ADD_US = 0.9e-3, 24e-6  # per image
FLOAT32_FACTOR = 1.7
CALIBRATION = "calibration"


@dataclass(frozen=True)
class Speed:
    """Images per second, `memory` in bytes where it was measured, and whether anything was;
    `scored_per_second`: images of the test set, where that was measured."""

    images_per_second: float
    memory: int | None = None
    measured: bool = False
    scored_per_second: float | None = None


def speed_key(architecture: Architecture, settings: Settings, device: str) -> str:
    """A name for everything that a measured speed depends on."""
    values = [getattr(settings, name) for name in SPEED_SETTINGS]
    return _key(architecture.model_dump_json(), *values, device)


def _key(*parts: object) -> str:
    """A name for `parts` on this machine with this version of torch."""
    parts = (*parts, cpu_name(), _torch_version())
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


@functools.cache
def _torch_version() -> str:
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version("torch")
    return ""


def _file() -> Path:
    return devices_dir() / "speeds.json"


def remember(architecture: Architecture, settings: Settings, device: str, speed: Speed) -> None:
    """Keep a measured speed, and what was known of scoring where that was not measured again;
    where the folder cannot be written, nothing happens."""
    before = recall(architecture, settings, device)
    scored = speed.scored_per_second or (before and before.scored_per_second)
    key = speed_key(architecture, settings, device)
    _keep(key, [round(speed.images_per_second, 1), speed.memory, scored and round(scored, 1)])


def _keep(key: str, value: object) -> None:
    known = read_json(_file()) or {}
    known.pop(key, None)  # the newest goes last
    known[key] = value
    with contextlib.suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        write_json(_file(), dict(list(known.items())[-KEPT:]))


def recall(architecture: Architecture, settings: Settings, device: str) -> Speed | None:
    """What was measured of this network at this batch size on this device, None if nothing."""
    try:
        kept = (read_json(_file()) or {})[speed_key(architecture, settings, device)]
        speed, memory, scored = (*kept, None)[:3]  # those of earlier versions are two
        return Speed(
            float(speed),
            None if memory is None else int(memory),
            True,
            None if scored is None else float(scored),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def parts_of_step(
    architecture: Architecture, settings: Settings, bf16: bool
) -> tuple[float, float]:
    """Microseconds of a step on a CPU, before any calibration: what a step costs however few images
    it sees, and the arithmetic on its images."""
    rows = architecture.table()
    outputs = sum(math.prod(row.output_shape) for row in rows if row.output_shape)
    arithmetic = outputs * OUTPUT_US + architecture.multiply_adds * MULTIPLY_ADD_US
    arithmetic *= (1.0 if bf16 or not architecture.convolutional else FLOAT32_FACTOR) / cores()
    return STEP_US + LAYER_US * len(rows), arithmetic * settings.batch_size


def calibration() -> tuple[float, float] | None:
    """What the two `parts_of_step` are multiplied by on this machine; None where unknown."""
    try:
        step, arithmetic = (read_json(_file()) or {})[_key(CALIBRATION)]
        return float(step), float(arithmetic)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def keep_calibration(step: float, arithmetic: float) -> None:
    """Keep what `calibration` gives."""
    _keep(_key(CALIBRATION), [round(step, 4), round(arithmetic, 4)])


def estimate(architecture: Architecture, settings: Settings, bf16: bool) -> Speed:
    """Images per second on this machine's CPU, from the network's arithmetic alone."""
    pairs = zip(
        parts_of_step(architecture, settings, bf16), calibration() or (1.0, 1.0), strict=True
    )
    return Speed(1e6 * settings.batch_size / sum(part * factor for part, factor in pairs))
