"""A random state of one's own: torch's global one is shared by all threads of a process.

Two sessions of the app that draw from it at once get each other's numbers, and none the same twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class OwnRandomState(TorchDispatchMode):
    """While it is entered, everything random that this thread asks of torch on the CPU (weight
    initialisation, dropout, augmentation) comes from a generator of its own, seeded with `seed`.

    The numbers are those that torch gives after `torch.manual_seed(seed)`; its global state is
    neither read nor changed. Costs some microseconds for each of torch's operations.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.generator = torch.Generator().manual_seed(seed)

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """The operation, with our generator where it takes one."""
        kwargs = kwargs or {}
        if func in _PLAIN:  # nearly all of them
            return func(*args, **kwargs)
        taking = _WITH_GENERATOR.get(func) or _with_generator(func)
        if taking is None:
            return func(*args, **kwargs)
        return taking(*args, **{"generator": self.generator, **kwargs})


def _with_generator(func: Any) -> Any:
    """The overload of an operation that takes a generator: itself, or a sister with the same
    arguments and one more; None where there is none."""
    if func not in _PLAIN:
        names = [argument.name for argument in func._schema.arguments]
        packet = func.overloadpacket
        for overload in (func._overloadname, *packet.overloads()):
            other = getattr(packet, overload)
            taken = [argument.name for argument in other._schema.arguments]
            if "generator" in taken and {*taken} == {*names, "generator"}:
                _WITH_GENERATOR[func] = other
                return other
        _PLAIN.add(func)
    return None


_WITH_GENERATOR: dict[Any, Any] = {}
_PLAIN: set[Any] = set()
