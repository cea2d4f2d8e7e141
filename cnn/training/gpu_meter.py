"""Memory and utilisation of a GPU as NVIDIA's driver measures them, through NVML.

Nothing depends on it: where there is no driver, or it does not answer, `read` returns None. Its
package is imported at the first reading, so that a machine without it works too.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from types import ModuleType

BUSY_PERCENT = 30  # of the last second in which a GPU computed


@dataclass(frozen=True)
class GpuUsage:
    """Free memory in bytes, and the per cent of time in which any process computed."""

    memory_free: int
    utilisation: int


@functools.cache
def _nvml() -> ModuleType | None:
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # no driver, no library, no permission
        return None
    return pynvml


def count() -> int:
    """How many GPUs the driver knows, 0 without one; torch may see fewer."""
    nvml = _nvml()
    try:
        return int(nvml.nvmlDeviceGetCount()) if nvml else 0
    except Exception:
        return 0


def read(uuid: str) -> GpuUsage | None:
    """The reading of the GPU of that UUID, which NVML and torch agree on (their numbers may not:
    `CUDA_VISIBLE_DEVICES` renumbers torch's)."""
    nvml = _nvml()
    if nvml is None:
        return None
    try:
        handle = nvml.nvmlDeviceGetHandleByUUID(uuid if uuid.startswith("GPU-") else f"GPU-{uuid}")
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
        return GpuUsage(int(memory.free), int(nvml.nvmlDeviceGetUtilizationRates(handle).gpu))
    except Exception:
        return None
