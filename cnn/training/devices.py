"""The devices of this machine: listed, and found by name.

Functions import torch themselves: the first page is shown before it is loaded.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
from collections.abc import Iterator

from cnn.common.text import excerpt
from cnn.training.device import Device, DeviceError


def processes(device_id: str) -> str | None:
    """torchrun's `--nproc-per-node` for a device that takes several processes, else None."""
    if device_id == "cuda:all":
        return "gpu"
    match = re.fullmatch(r"cpu:([1-9]\d?)", device_id)
    return match[1] if match and int(match[1]) > 1 else None


def list_devices() -> list[Device]:
    """Every device of this machine, the CPU first. Imports torch. Never raises: a device that
    cannot be used is listed with the reason."""
    from cnn.training.accelerators import ACCELERATORS

    return [device for kind in ACCELERATORS.values() for device in kind.find_devices()]


def best_device(devices: list[Device]) -> Device:
    """The idle GPU with most free memory, else Apple's, else the CPU. Never several at once:
    the networks built here seldom gain by it; never one that cannot be used."""
    single = [device for device in devices if device.id != "cuda:all" and not device.problem]
    return max(single, key=lambda d: (d.id != "cpu", not d.busy, d.memory_free or 0))


def find_device(wanted: str) -> Device:
    """The device for `auto`, `cpu`, `cuda`, `cuda:1`, `cuda:all`, `mps`, or `cpu:2` (processes).

    Raises DeviceError where there is none such, or it cannot be used.
    """
    devices = list_devices()
    if wanted == "auto":
        return best_device(devices)
    for device in devices:
        if device.id == ("cuda:0" if wanted == "cuda" else wanted):
            if device.problem:
                raise DeviceError(f"{device.name} cannot be used: {device.problem}.")
            return device
    usable = [device for device in devices if device.kind == "cuda" and not device.problem]
    if wanted == "cuda:all" and len(usable) == 1:
        return usable[0]
    if wanted.startswith("cpu:") and (count := processes(wanted)):
        return dataclasses.replace(
            devices[0], id=wanted, name=f"{devices[0].name}, {count} processes"
        )
    here = ", ".join(device.id for device in devices if not device.problem)
    raise DeviceError(f"There is no device '{excerpt(wanted)}' here. This machine has: {here}.")


def use_few_threads() -> None:
    """Let this process compute on half of the cores, at most two: for inspection, not training.

    OpenMP's threads spin while they wait for each other. Beside a training on two cores, one image
    through Compact CNN took 200 to 450 ms with two threads, and 3 to 15 ms with one.
    """
    import torch

    torch.set_num_threads(max(1, min(2, (os.cpu_count() or 2) // 2)))


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread meanwhile: what is made of many short steps ends sooner so."""
    import torch

    usual = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(usual)
