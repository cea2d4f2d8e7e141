"""Which devices there are to compute on, what they are, and what precision they take."""

from __future__ import annotations

import contextlib
import functools
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


class DeviceError(ValueError):
    """A device that this machine does not have; the message lists those it has."""


@dataclass(frozen=True)
class Device:
    """One device. `id` is torch's name; memory in bytes, as far as known."""

    id: str
    name: str
    bf16: bool
    memory_free: int | None = None
    memory_total: int | None = None

    @property
    def label(self) -> str:
        """Name and free memory, for a picker."""
        memory = ""
        if self.memory_free is not None and self.memory_total:
            memory = f" · {self.memory_free / 2**30:.1f} of {self.memory_total / 2**30:.0f} GB free"
        return f"{self.name}{memory}"


@functools.cache
def cpu_name() -> str:
    """The processor's name and how many cores this process may use, without torch."""
    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return f"{name}, {cores} core{'s' if cores != 1 else ''}"


def _cpu_bf16() -> bool:
    """Whether the CPU multiplies bf16 in hardware (AVX512-bf16, AMX)."""
    import torch

    return any(
        getattr(torch.cpu, name, lambda: False)()
        for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    )


def list_devices() -> list[Device]:
    """Every device of this machine, the CPU first. Imports torch."""
    import torch

    devices = [Device("cpu", f"CPU · {cpu_name()}", _cpu_bf16())]
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(index)
            free = total = None
            with contextlib.suppress(RuntimeError):  # another process may hold all of it
                free, total = torch.cuda.mem_get_info(index)
            devices.append(
                Device(
                    f"cuda:{index}",
                    f"GPU {index} · {properties.name}",
                    properties.major >= 8,
                    free,
                    total or properties.total_memory,
                )
            )
    if torch.backends.mps.is_available():
        devices.append(Device("mps", "Apple GPU (MPS)", False))
    return devices


def best_device(devices: list[Device]) -> Device:
    """The GPU with most free memory, else the last device listed that is not the CPU, else it."""
    return max(devices, key=lambda d: (d.id != "cpu", d.memory_free or 0))


def find_device(wanted: str) -> Device:
    """The device for `auto`, `cpu`, `cuda`, `cuda:1` or `mps`. Raises DeviceError otherwise."""
    devices = list_devices()
    if wanted == "auto":
        return best_device(devices)
    for device in devices:
        if device.id == ("cuda:0" if wanted == "cuda" else wanted):
            return device
    here = ", ".join(device.id for device in devices)
    raise DeviceError(f"There is no device '{wanted}' here. This machine has: {here}.")


@dataclass(frozen=True)
class Compute:
    """How a network is computed on a device: precision and memory layout."""

    device: torch.device
    bf16: bool
    channels_last: bool

    def autocast(self) -> Any:
        """A context for the forward pass."""
        import torch

        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)

    @property
    def precision(self) -> str:
        """The name of what is computed in."""
        return "bf16" if self.bf16 else "float32"


def compute_for(device: Device, precision: str, convolutional: bool) -> Compute:
    """Resolve the setting `precision` on `device`.

    `auto` takes bf16 for convolutional networks where the hardware multiplies it: measured on
    AVX512-bf16 it makes those about 1.6 times as fast, while a lone Linear layer only gets slower
    by the casts. Raises DeviceError where bf16 is asked of a device without it.
    """
    import torch

    if precision == "bf16" and not device.bf16:
        raise DeviceError(f"{device.name} does not compute in bf16. Choose auto or float32.")
    bf16 = precision == "bf16" or (precision == "auto" and device.bf16 and convolutional)
    return Compute(torch.device(device.id), bf16, convolutional)
