"""What NVIDIA's driver says about a GPU: memory and utilisation, through NVML.

Everything here is welcome and nothing needed: without a driver, or with one that keeps silent,
`read` answers None.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reading:
    """One look: bytes in use by all processes, bytes free, per cent of time spent computing."""

    memory_used: int
    memory_free: int
    utilisation: int


@functools.cache
def _nvml() -> Any:
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # no driver, no library, no permission: all the same to us
        return None
    return pynvml


def read(uuid: str) -> Reading | None:
    """The reading of the GPU of that UUID, which NVML and torch agree on (their numbers may not:
    `CUDA_VISIBLE_DEVICES` renumbers torch's)."""
    nvml = _nvml()
    if nvml is None:
        return None
    try:
        handle = nvml.nvmlDeviceGetHandleByUUID(uuid if uuid.startswith("GPU-") else f"GPU-{uuid}")
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
        return Reading(
            int(memory.used), int(memory.free), int(nvml.nvmlDeviceGetUtilizationRates(handle).gpu)
        )
    except Exception:
        return None
