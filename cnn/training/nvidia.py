"""NVIDIA's GPUs in this machine: which there are, and why one cannot be used."""

from __future__ import annotations

import contextlib

import torch

from cnn.common.text import plural
from cnn.training import gpu_meter
from cnn.training.device import Device


def find_gpus() -> list[Device]:
    """Every GPU on its own, and all of them together where there are several to use."""
    try:
        count = torch.cuda.device_count()  # of NVML: it counts what PyTorch cannot use, too
    except Exception:
        return []
    reason = _unavailable() if count else None
    gpus = [_gpu(index, reason) for index in range(count)]
    several = len(gpus) > 1 and not any(gpu.problem for gpu in gpus)
    return gpus + ([together(gpus)] if several else [])


def _unavailable() -> str | None:
    """Why PyTorch can use no GPU at all (a driver too old for it, say); None where it can."""
    if torch.cuda.is_available():
        return None
    try:
        torch.cuda.init()
    except Exception as error:
        return str(error).strip().splitlines()[0].split(" (Triggered")[0]
    return "PyTorch cannot use it"


def _gpu(index: int, problem: str | None) -> Device:
    """One GPU; that it cannot be used must not keep the others from being used."""
    if problem is None:
        try:
            properties = torch.cuda.get_device_properties(index)
        except Exception as error:
            problem = str(error).strip().splitlines()[0]
    if problem is not None:
        return Device(f"cuda:{index}", f"GPU {index}", False, problem=problem)
    # Asked of the driver: torch's own answer costs a context of some hundred MB on every GPU.
    uuid = f"GPU-{properties.uuid}"
    now = gpu_meter.read(uuid)
    free, total = now.memory_free if now else None, properties.total_memory
    if now is None:
        with contextlib.suppress(RuntimeError):  # another process may hold all of it
            free, total = torch.cuda.mem_get_info(index)
    capability = f"{properties.major}.{properties.minor}"
    return Device(
        f"cuda:{index}",
        f"GPU {index} · {properties.name}",
        properties.major >= 8,
        free,
        total,
        capability,
        now is not None and now.utilisation >= gpu_meter.BUSY_PERCENT,
        uuid=uuid,
        problem=unsupported(properties.major, properties.minor),
    )


def unsupported(major: int, minor: int) -> str | None:
    """Why this build of PyTorch has no code for a GPU of that compute capability, None if it has.

    Code for `sm_80` runs on 8.0, 8.6 and 8.9; `compute_90` is compiled for any newer GPU.
    """
    names = [name.partition("_") for name in torch.cuda.get_arch_list()]
    numbers = [
        (what, *divmod(int(digits), 10)) for what, _, d in names if (digits := d.rstrip("af"))
    ]
    for what, its_major, its_minor in numbers:
        older = (its_major, its_minor) <= (major, minor)
        if older and (what == "compute" or its_major == major):
            return None
    if not numbers:
        return None  # a build that does not say: the first training will
    return (
        f"this PyTorch has no code for compute capability {major}.{minor}, only for "
        + ", ".join(f"{a}.{b}" for _, a, b in numbers)
    )


def together(gpus: list[Device]) -> Device:
    """All of these GPUs as one choice, as strong as the weakest of them."""
    return Device(
        "cuda:all",
        f"All {plural(len(gpus), 'GPU')} together",
        all(gpu.bf16 for gpu in gpus),
        min(gpu.memory_free or 0 for gpu in gpus),
        min(gpu.memory_total or 0 for gpu in gpus),
        busy=any(gpu.busy for gpu in gpus),
        uuid=",".join(sorted(str(gpu.uuid) for gpu in gpus)),
    )
