"""An imitation of an Apple GPU, for machines that have none: it computes on the CPU, but keeps the
rules of the real one.

Its tensors know that they lie on another device. Under `AppleGpu()` an error is raised where

- a float64 tensor comes into being on it (Metal has no float64),
- an operation mixes its tensors with the host's,
- the host reads a value while `inside_step` is set (it would wait for the device at every step).

Its random numbers come from a generator of its own, as a GPU's do. What it cannot show is which
operations Metal lacks.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils import backend_registration
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from cnn.training import accelerators, inference, trainer
from cnn.training.accelerators import Mps
from cnn.training.device import Device
from cnn.training.trainer import Trainer

KIND = "imitation"
aten = torch.ops.aten
TRANSFERS = (aten.copy_.default, aten._to_copy.default)


class DeviceTensor(torch.Tensor):
    """A tensor that lies on the imitated device; `inner` holds its values."""

    inner: Tensor

    @staticmethod
    def __new__(cls, inner: Tensor) -> DeviceTensor:
        if inner.dtype == torch.float64:
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype: MPS has no float64.")
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            inner.shape,
            dtype=inner.dtype,
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            device=f"{KIND}:0",
        )
        made.inner = inner
        return made

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _compute(func, args, kwargs or {})

    def tolist(self) -> Any:
        """PyTorch refuses it for subclasses."""
        return self.cpu().tolist()


class _Rules:
    """What the imitation keeps: its random state, and whether a training step is going on."""

    generator = torch.Generator().manual_seed(0)
    inside_step = False


def _compute(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Run an operation on the values, on the host, and say where its result lies."""
    tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
    here = [t for t in tensors if isinstance(t, DeviceTensor)]
    target = kwargs.get("device")
    lies_here = torch.device(target).type == KIND if target is not None else bool(here)
    if func is aten.copy_.default:
        lies_here = isinstance(args[0], DeviceTensor)
    hosts = [t for t in tensors if not isinstance(t, DeviceTensor) and t.dim() > 0]
    if here and hosts and func not in TRANSFERS:
        raise RuntimeError(f"{func}: expected all tensors to be on the same device.")
    read = func is aten._local_scalar_dense.default or (here and not lies_here)
    if read and here and _Rules.inside_step:
        raise RuntimeError(f"{func}: the host reads from the device inside a training step.")
    values = {**kwargs, "device": torch.device("cpu")} if target is not None else kwargs
    random = torch.Tag.nondeterministic_seeded in func.tags
    with _own_random_numbers() if random and lies_here else contextlib.nullcontext():
        result = func(*tree_map(_inner, args), **tree_map(_inner, values))
    if not lies_here or func is aten._local_scalar_dense.default:
        return result
    known = {id(t.inner): t for t in here}  # what is written in place stays the same tensor

    def placed(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        return known[id(value)] if id(value) in known else DeviceTensor(value)

    return tree_map(placed, result)


def _inner(value: Any) -> Any:
    return value.inner if isinstance(value, DeviceTensor) else value


@contextlib.contextmanager
def _own_random_numbers() -> Iterator[None]:
    host = torch.get_rng_state()
    torch.set_rng_state(_Rules.generator.get_state())
    try:
        yield
    finally:
        _Rules.generator.set_state(torch.get_rng_state())
        torch.set_rng_state(host)


class ImitatedMps(Mps):
    """The `Accelerator` of the imitation: Apple's, but for what asks Metal itself."""

    kind = KIND

    @classmethod
    def find_devices(cls) -> list[Device]:
        return [Device(KIND, "Imitated Apple GPU", False, 2**30, 2**30)]

    def synchronize(self) -> None:
        assert not _Rules.inside_step

    def random_state(self) -> Tensor:
        return _Rules.generator.get_state()

    def set_random_state(self, state: Tensor) -> None:
        _Rules.generator.set_state(state)

    def memory_used(self) -> int:
        return 2**20

    def memory_free(self) -> int:
        return 2**30


class AppleGpu(TorchDispatchMode):
    """While it is entered, `device="imitation"` is a device."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _compute(func, args, kwargs or {})


class _Module(backend_registration._DummyBackendModule):
    """What `torch.manual_seed` asks of a device."""

    def manual_seed_all(self, seed: int) -> None:
        _Rules.generator.manual_seed(seed)


@functools.cache
def _register() -> None:
    backend_registration._setup_privateuseone_for_python_backend(KIND, _Module())


@contextlib.contextmanager
def apple_gpu() -> Iterator[None]:
    """A machine with an Apple GPU, on which no training step waits for the device."""
    _register()
    step = Trainer._step

    def watched_step(self: Trainer, *args: Any) -> None:
        _Rules.inside_step = True
        try:
            step(self, *args)
        finally:
            _Rules.inside_step = False

    # PyTorch's inference mode takes no tensors of a subclass; without gradients is as good here.
    without_gradients = torch.no_grad()(inference.predict_logits.__wrapped__)
    with pytest.MonkeyPatch.context() as patched, AppleGpu():
        patched.setitem(accelerators.ACCELERATORS, KIND, ImitatedMps)
        patched.setattr(Trainer, "_step", watched_step)
        for module in (inference, trainer):
            patched.setattr(module, "predict_logits", without_gradients)
        yield
