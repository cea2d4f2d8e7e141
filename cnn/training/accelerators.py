"""All that differs between a CPU, an NVIDIA GPU (CUDA) and an Apple GPU (MPS), in one place.

An `Accelerator` says how to compute on one device: precision, memory layout, random state, when
its work is done, what memory it has left, which of PyTorch's faster ways it takes. The trainer, the
worker and the measurements ask it; nobody else compares device names.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import os
from typing import ClassVar

import psutil
import torch
from torch import Tensor

from cnn.training import gpu_meter, nvidia
from cnn.training.device import Device, cpu_name, takes_bf16

REPRODUCIBLE_THREADS = 2  # another number of threads adds up in another order


class Accelerator:
    """How a network is computed on `device`; this class itself: on the CPU.

    `bf16`: the forward pass computes in bfloat16 (weights stay float32). `channels_last`: maps and
    weights of convolutions lie in memory with the channels innermost.
    """

    kind: ClassVar[str] = "cpu"
    fused_optimizers: ClassVar[frozenset[str]] = frozenset({"SGD", "Adam", "AdamW", "Adagrad"})
    channels_last_is_faster: ClassVar[bool] = True
    distributed_backend: ClassVar[str] = "gloo"  # by which several processes add up gradients
    steps_per_decision: ClassVar[int] = 1  # of several processes: how often they wait for another

    def __init__(self, device: torch.device, bf16: bool = False, convolutional: bool = False):
        self.device, self.bf16 = device, bf16
        self.channels_last = convolutional and self.channels_last_is_faster

    @classmethod
    def find_devices(cls) -> list[Device]:
        """Every device of this kind, those that cannot be used too, with the reason."""
        memory = psutil.virtual_memory()
        name = f"CPU · {cpu_name()}"
        return [Device("cpu", name, _cpu_bf16(), memory.available, memory.total)]

    @property
    def precision(self) -> str:
        """`bf16` or `float32`."""
        return "bf16" if self.bf16 else "float32"

    def autocast(self) -> contextlib.AbstractContextManager[object]:
        """The context in which the forward pass computes."""
        if not self.bf16:
            return contextlib.nullcontext()  # a disabled autocast still costs 5 µs a step
        return torch.autocast(self.device.type, torch.bfloat16)

    def full_float32(self) -> contextlib.AbstractContextManager[object]:
        """The context in which float32 means all its 24 bits, in convolutions too."""
        return contextlib.nullcontext()

    def activate(self) -> None:
        """Make it the device that PyTorch's calls without a device mean, in this process."""

    def synchronize(self) -> None:
        """Wait until the device has done all that it was asked to."""

    def random_state(self) -> Tensor | None:
        """The state of the device's random numbers, uint8 on the host; None where those of the
        host are used."""
        return None

    def set_random_state(self, state: Tensor) -> None:
        """Let the device's random numbers continue where `random_state` was taken."""

    def set_reproducible(self, on: bool) -> None:
        """With `on`, let this process compute the same numbers at every run: deterministic
        algorithms, and a fixed number of threads. Without, PyTorch's own choice again."""
        usual = _usual_threads()
        torch.set_num_threads(REPRODUCIBLE_THREADS if on else usual)
        torch.use_deterministic_algorithms(on)
        # Filling every new tensor is for finding mistakes, and costs a tenth of the time.
        torch.utils.deterministic.fill_uninitialized_memory = False

    def memory_used(self) -> int:
        """Bytes that this process takes of the device's memory now."""
        return int(psutil.Process().memory_info().rss)

    def peak_memory(self) -> int:
        """Bytes that this process took of it at most; where that is not kept, now."""
        return self.memory_used()

    def memory_free(self) -> int | None:
        """Bytes that are free on the device; None where not known."""
        return int(psutil.virtual_memory().available)

    def utilisation(self) -> int | None:
        """Per cent of the last moments in which the device computed; None where not known."""
        return None

    def release_memory(self) -> None:
        """Give back what PyTorch keeps for itself of memory that no tensor uses."""
        gc.collect()

    def records_graphs(self, optimizer: str) -> bool:
        """Whether training steps with that optimiser are recorded and replayed as CUDA graphs."""
        return False


class Cuda(Accelerator):
    """How a network is computed on an NVIDIA GPU."""

    kind = "cuda"
    fused_optimizers = frozenset({"SGD", "Adam", "AdamW"})
    distributed_backend = "nccl"
    steps_per_decision = 8  # a broadcast makes the hosts of all GPUs wait for each other

    @classmethod
    def find_devices(cls) -> list[Device]:
        """Every GPU on its own, and all of them together where there are several to use."""
        return nvidia.find_gpus()

    def full_float32(self) -> contextlib.AbstractContextManager[object]:
        """Without TF32, in which convolutions round their inputs to 10 bits by default."""
        cudnn = torch.backends.cudnn
        return cudnn.flags(enabled=True, deterministic=cudnn.deterministic, allow_tf32=False)

    def activate(self) -> None:
        """Make it the current GPU."""
        torch.cuda.set_device(self.device)

    def synchronize(self) -> None:
        """Wait for the GPU."""
        torch.cuda.synchronize(self.device)

    def random_state(self) -> Tensor:
        """Seed and offset of the GPU's generator."""
        return torch.cuda.get_rng_state(self.device)

    def set_random_state(self, state: Tensor) -> None:
        """Continue the GPU's generator."""
        torch.cuda.set_rng_state(state, self.device)

    def set_reproducible(self, on: bool) -> None:
        """As on the CPU, and cuBLAS with a workspace of its own, which its determinism needs."""
        super().set_reproducible(on)
        torch.backends.cudnn.deterministic = on
        if on:
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

    def memory_used(self) -> int:
        """Bytes that PyTorch holds of the GPU, used or not."""
        return torch.cuda.memory_reserved(self.device)

    def peak_memory(self) -> int:
        """Bytes that PyTorch held of the GPU at most."""
        return torch.cuda.max_memory_reserved(self.device)

    def memory_free(self) -> int | None:
        """Bytes that no process holds."""
        try:
            return int(torch.cuda.mem_get_info(self.device)[0])
        except RuntimeError:
            return None

    def utilisation(self) -> int | None:
        """What NVIDIA's driver measures."""
        now = gpu_meter.read(str(torch.cuda.get_device_properties(self.device).uuid))
        return now.utilisation if now else None

    def release_memory(self) -> None:
        """Empty PyTorch's cache."""
        gc.collect()
        torch.cuda.empty_cache()

    def records_graphs(self, optimizer: str) -> bool:
        """Adam and AdamW keep all their state on the device; `CNN_CUDA_GRAPHS=0` switches off."""
        return optimizer in ("adam", "adamw") and os.environ.get("CNN_CUDA_GRAPHS") != "0"


class Mps(Accelerator):
    """How a network is computed on an Apple GPU. It has no float64."""

    kind = "mps"
    fused_optimizers = frozenset()
    channels_last_is_faster = False  # MPS copies such tensors into its own order at every layer

    @classmethod
    def find_devices(cls) -> list[Device]:
        """The GPU of Apple silicon; memory is what macOS recommends to use of the shared one."""
        if not torch.backends.mps.is_available():
            return []
        total = free = None
        with contextlib.suppress(Exception):
            total = int(torch.mps.recommended_max_memory())
            free = min(total, int(psutil.virtual_memory().available))
        return [Device("mps", "Apple GPU (MPS)", False, free, total)]

    def synchronize(self) -> None:
        """Wait for the GPU."""
        torch.mps.synchronize()

    def random_state(self) -> Tensor:
        """The state of the GPU's generator."""
        return torch.mps.get_rng_state()

    def set_random_state(self, state: Tensor) -> None:
        """Continue the GPU's generator."""
        torch.mps.set_rng_state(state)

    def memory_used(self) -> int:
        """Bytes that Metal's driver holds for this process."""
        return int(torch.mps.driver_allocated_memory())

    def memory_free(self) -> int | None:
        """Bytes left of what macOS recommends to use."""
        free = int(torch.mps.recommended_max_memory()) - self.memory_used()
        return max(0, min(free, int(psutil.virtual_memory().available)))

    def release_memory(self) -> None:
        """Empty PyTorch's cache."""
        gc.collect()
        torch.mps.empty_cache()


ACCELERATORS: dict[str, type[Accelerator]] = {cls.kind: cls for cls in (Accelerator, Cuda, Mps)}


def accelerator_for(
    device: Device, precision: str = "float32", convolutional: bool = False, local_rank: int = 0
) -> Accelerator:
    """How to compute on `device`; of several GPUs the one of this process (`local_rank`).

    Raises DeviceError where bf16 is asked of a device without it.
    """
    name = f"cuda:{local_rank}" if device.id == "cuda:all" else device.id
    if device.kind == "cpu":
        name = "cpu"  # `cpu:2` are two processes
    bf16 = takes_bf16(device, precision, convolutional)
    return ACCELERATORS[device.kind](torch.device(name), bf16, convolutional)


@functools.cache
def _usual_threads() -> int:
    """How many threads PyTorch takes by itself; first asked before that is changed."""
    return torch.get_num_threads()


def _cpu_bf16() -> bool:
    """Whether the CPU multiplies bf16 in hardware (AVX512-bf16, AMX)."""
    return any(
        getattr(torch.cpu, name, lambda: False)()
        for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    )
