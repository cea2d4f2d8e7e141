"""Where a run can train: on what is known without torch, and on what a machine's devices are."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cnn.common.files import read_json
from cnn.common.paths import PROJECT
from cnn.runs.folders import environment
from cnn.runs.run import Run
from cnn.training import gpu_meter
from cnn.training.device import Device

AMD_DRIVER = Path("/dev/kfd")  # its GPUs are torch's "cuda" too, and NVML knows none of them


class Option(NamedTuple):
    """One place where a run can train: torch's name for it, and what is taken there."""

    device: str
    lock_names: tuple[str, ...]


def options_without_torch(run: Run) -> tuple[Option, ...] | None:
    """Where `run` can train, as far as that is known without torch; else None."""
    wanted = read_json(run.files.config) or {}
    device = str(wanted.get("device", "auto"))
    if device == "cpu" or device.startswith("cpu:"):
        return (Option(device, ("cpu",)),)
    if device == "mps":
        return (Option(device, ("mps",)),)
    if gpu_meter.count() or AMD_DRIVER.exists() or sys.platform == "darwin":
        return None
    return (Option("cpu", ("cpu",)),) if device == "auto" else ()


def options_among(devices: Sequence[Device], wanted: str) -> tuple[Option, ...]:
    """Where a run that wants `auto`, `cuda`, `cuda:1`, `cuda:all` and so on can train. `auto` is
    any GPU, else Apple's, else the CPU; nothing where there is no such device."""
    by_id = {device.id: device for device in devices if not device.problem}
    gpus = [one for one in by_id.values() if one.kind == "cuda" and one.id != "cuda:all"]
    if wanted == "auto":
        found = gpus or [by_id[name] for name in ("mps", "cpu") if name in by_id][:1]
    elif wanted == "cuda:all" and len(gpus) == 1:
        found = gpus
    else:
        name = "cuda:0" if wanted == "cuda" else wanted
        found = [by_id[name]] if name in by_id else []
    return tuple(Option(device.id, device.lock_names) for device in found)


def ask_devices() -> list[Device]:
    """This machine's devices, as a short-lived process finds them with torch. None at all where
    that fails: whoever trains then says why."""
    command = [sys.executable, "-m", "cnn", "devices", "--json"]
    with contextlib.suppress(OSError, ValueError, TypeError, subprocess.SubprocessError):
        answer = subprocess.run(
            command, cwd=PROJECT, env=environment(), capture_output=True, timeout=120, check=True
        )
        rows = json.loads(answer.stdout)
        return [Device(**row) for row in rows]
    return []
