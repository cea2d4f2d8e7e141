"""What a device is, and what precision it takes; the processor's name. Imports no torch."""

from __future__ import annotations

import contextlib
import functools
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from humanize import naturalsize

from cnn.common.text import plural


class DeviceError(ValueError):
    """A device that this machine does not have; the message lists those it has."""


@dataclass(frozen=True)
class Device:
    """One device, or several of a kind together. `id` is torch's name, or `cuda:all`, or `cpu:2`
    for two processes on the CPU; memory in bytes, None where unknown; `busy`: other processes
    compute on it now; `uuid`: of a GPU, the same in every process (of several, all, by commas);
    `problem`: why it cannot be used."""

    id: str
    name: str
    bf16: bool
    memory_free: int | None = None
    memory_total: int | None = None
    compute_capability: str | None = None
    busy: bool = False
    uuid: str | None = None
    problem: str | None = None

    @property
    def kind(self) -> str:
        """`cpu`, `cuda` or `mps`."""
        return self.id.split(":")[0]

    @property
    def lock_names(self) -> tuple[str, ...]:
        """Names of the locks that a training on it holds: one for each device it takes, whatever
        number `CUDA_VISIBLE_DEVICES` gives it."""
        return tuple(self.uuid.split(",")) if self.uuid else (self.kind,)

    @property
    def details(self) -> list[str]:
        """Free memory, compute capability, bf16 and whether it is busy, each in a few words."""
        if self.problem:
            return [f"cannot be used: {self.problem}"]
        details = []
        if self.memory_free is not None and self.memory_total:
            free, total = naturalsize(self.memory_free), naturalsize(self.memory_total)
            details.append(f"{free} of {total} free")
        if self.compute_capability:
            details.append(f"compute capability {self.compute_capability}")
        details.append("bf16" if self.bf16 else "no bf16")
        if self.busy:
            details.append("busy")
        return details

    @property
    def label(self) -> str:
        """Name and free memory, for a picker."""
        details = [d for d in self.details if "free" in d or d == "busy"]
        return " · ".join([self.name, *details])


@functools.cache
def cpu_name() -> str:
    """The processor's name and how many cores this process may use, without torch."""
    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    return f"{name}, {plural(cores(), 'core')}"


@functools.cache
def cores() -> int:
    """How many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def takes_bf16(device: Device, precision: str, convolutional: bool) -> bool:
    """Whether the setting `precision` means bf16 on `device`.

    `auto` takes bf16 for convolutional networks where the hardware multiplies it: measured on
    AVX512-bf16 it makes those about 1.6 times as fast, while the casts make a lone Linear layer
    slower. Raises DeviceError where bf16 is asked of a device without it.
    """
    if precision == "bf16" and not device.bf16:
        raise DeviceError(f"{device.name} does not compute in bf16. Choose auto or float32.")
    return precision == "bf16" or (precision == "auto" and device.bf16 and convolutional)
