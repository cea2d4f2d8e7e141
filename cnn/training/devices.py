"""Which devices there are to compute on, what they are, and what precision they take.

Functions import torch themselves: the first page is shown before it is loaded.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from humanize import naturalsize

from cnn.common.text import plural
from cnn.training import gpu_meter

if TYPE_CHECKING:
    import torch

BUSY_PERCENT = 30  # of the last second in which a GPU computed


class DeviceError(ValueError):
    """A device that this machine does not have; the message lists those it has."""


@dataclass(frozen=True)
class Device:
    """One device, or several of a kind together. `id` is torch's name, or `cuda:all`, or `cpu:2`
    for two processes on the CPU; memory in bytes, None where unknown; `busy`: other processes
    compute on it now. `uuid` is a GPU's own (torch's numbers change with CUDA_VISIBLE_DEVICES);
    `lock_names` say, in sorted order, what a training on it takes for itself alone."""

    id: str
    name: str
    bf16: bool
    memory_free: int | None = None
    memory_total: int | None = None
    compute_capability: str | None = None
    busy: bool = False
    uuid: str | None = None
    lock_names: tuple[str, ...] = ()

    @property
    def details(self) -> list[str]:
        """Free memory, compute capability, bf16 and whether it is busy, each in a few words."""
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


def processes(device_id: str) -> str | None:
    """torchrun's `--nproc-per-node` for a device that takes several processes, else None."""
    if device_id == "cuda:all":
        return "gpu"
    match = re.fullmatch(r"cpu:([1-9]\d?)", device_id)
    return match[1] if match and int(match[1]) > 1 else None


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

    memory = psutil.virtual_memory()
    free, total = memory.available, memory.total
    cpu = f"CPU · {cpu_name()}"
    devices = [Device("cpu", cpu, _cpu_bf16(), free, total, lock_names=("cpu",))]
    gpus = [_gpu(index) for index in range(torch.cuda.device_count())]
    devices += gpus
    if len(gpus) > 1:
        devices.append(
            Device(
                "cuda:all",
                f"All {len(gpus)} GPUs together",
                all(gpu.bf16 for gpu in gpus),
                min(gpu.memory_free or 0 for gpu in gpus),
                min(gpu.memory_total or 0 for gpu in gpus),
                busy=any(gpu.busy for gpu in gpus),
                lock_names=tuple(sorted(name for gpu in gpus for name in gpu.lock_names)),
            )
        )
    if torch.backends.mps.is_available():
        devices.append(Device("mps", "Apple GPU (MPS)", False, lock_names=("mps",)))
    return devices


def _gpu(index: int) -> Device:
    import torch

    properties = torch.cuda.get_device_properties(index)
    # Asked of the driver: torch's own answer costs a context of some hundred MB on every GPU.
    uuid = f"GPU-{properties.uuid}"
    now = gpu_meter.read(uuid)
    free, total = now.memory_free if now else None, properties.total_memory
    if now is None:
        with contextlib.suppress(RuntimeError):  # another process may hold all of it
            free, total = torch.cuda.mem_get_info(index)
    return Device(
        f"cuda:{index}",
        f"GPU {index} · {properties.name}",
        properties.major >= 8,
        free,
        total,
        f"{properties.major}.{properties.minor}",
        now is not None and now.utilisation >= BUSY_PERCENT,
        uuid,
        (uuid,),
    )


def best_device(devices: list[Device]) -> Device:
    """The idle GPU with most free memory, else Apple's, else the CPU. Never several at once:
    the networks built here seldom gain by it."""
    single = [device for device in devices if device.id != "cuda:all"]
    return max(single, key=lambda d: (d.id != "cpu", not d.busy, d.memory_free or 0))


def find_device(wanted: str) -> Device:
    """The device for `auto`, `cpu`, `cuda`, `cuda:1`, `cuda:all`, `mps`, or `cpu:2` (processes).

    Raises DeviceError where there is none such.
    """
    devices = list_devices()
    if wanted == "auto":
        return best_device(devices)
    for device in devices:
        if device.id == ("cuda:0" if wanted == "cuda" else wanted):
            return device
    if wanted == "cuda:all" and len(gpus := [d for d in devices if d.id.startswith("cuda:")]) == 1:
        return gpus[0]
    if wanted.startswith("cpu:") and (count := processes(wanted)):
        return dataclasses.replace(
            devices[0], id=wanted, name=f"{devices[0].name}, {count} processes"
        )
    here = ", ".join(device.id for device in devices)
    raise DeviceError(f"There is no device '{wanted}' here. This machine has: {here}.")


@dataclass(frozen=True)
class Compute:
    """How a network is computed on a device: precision and memory layout."""

    device: torch.device
    bf16: bool
    channels_last: bool

    def autocast(self) -> contextlib.AbstractContextManager[object]:
        """The context in which the forward pass computes."""
        import torch

        if not self.bf16:
            return contextlib.nullcontext()  # a disabled autocast still costs 5 µs a step
        return torch.autocast(self.device.type, torch.bfloat16)

    @property
    def precision(self) -> str:
        """`bf16` or `float32`."""
        return "bf16" if self.bf16 else "float32"


def takes_bf16(device: Device, precision: str, convolutional: bool) -> bool:
    """Whether the setting `precision` means bf16 on `device`.

    `auto` takes bf16 for convolutional networks where the hardware multiplies it: measured on
    AVX512-bf16 it makes those about 1.6 times as fast, while the casts make a lone Linear layer
    slower. Raises DeviceError where bf16 is asked of a device without it.
    """
    if precision == "bf16" and not device.bf16:
        raise DeviceError(f"{device.name} does not compute in bf16. Choose auto or float32.")
    return precision == "bf16" or (precision == "auto" and device.bf16 and convolutional)


def compute_for(
    device: Device, precision: str, convolutional: bool, local_rank: int = 0
) -> Compute:
    """How to compute on `device`; of several GPUs the one of this process (`local_rank`).

    Raises DeviceError where bf16 is asked of a device without it.
    """
    import torch

    name = device.id.split(":")[0] if device.id.startswith("cpu") else device.id
    if device.id == "cuda:all":
        name = f"cuda:{local_rank}"
    bf16 = takes_bf16(device, precision, convolutional)
    return Compute(torch.device(name), bf16, convolutional)


def usage(device: torch.device) -> tuple[int, int | None]:
    """The bytes that this process takes of `device` now, and the device's utilisation in per cent
    (None: not known)."""
    import torch

    if device.type != "cuda":
        return psutil.Process().memory_info().rss, None
    now = gpu_meter.read(str(torch.cuda.get_device_properties(device).uuid))
    return torch.cuda.memory_reserved(device), now.utilisation if now else None


def use_few_threads() -> None:
    """Let this process compute on half of the cores, at most two: for inspection, not training.

    OpenMP's threads spin while they wait for each other. Beside a training on two cores, one image
    through Compact CNN took 200 to 450 ms with two threads, and 3 to 15 ms with one.
    """
    import torch

    torch.set_num_threads(max(1, min(2, (os.cpu_count() or 2) // 2)))
