"""Calls as Python source, and the call that makes a layer's torch module, as source or run.

Torch is imported when a module is made.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def literal(value: object) -> str:
    """A Python literal with double quotes, as formatters write it."""
    return json.dumps(value) if isinstance(value, str) else repr(value)


def call(name: str, *values: object, **options: object) -> str:
    """The source of a call. Options that are None are left out."""
    parts = [literal(value) for value in values]
    parts += [f"{key}={literal(value)}" for key, value in options.items() if value is not None]
    return f"{name}({', '.join(parts)})"


def unless(value: object, default: object) -> object:
    """`value`, or None where it is the default and need not be written."""
    return None if value == default else value


class TorchCall:
    """The call that makes a torch module. Options that are None are left out.

    `name` is that of a class in torch ("nn.Conv2d") or in `cnn.network.modules` ("SumPool2d"). The
    app takes the faster version of torch's own where `cnn.network.modules` has one. `init` is the
    weight initialisation, one of `INITS`.
    """

    def __init__(self, name: str, *values: object, init: str = "default", **options: object):
        self.name, self.values, self.init = name, values, init
        self.options = {key: value for key, value in options.items() if value is not None}

    def source(self) -> str:
        """Its source: `nn.Conv2d(1, 16, 3, padding="same")`."""
        source = call(self.name, *self.values, **self.options)
        return source if self.init == "default" else f'initialised({source}, "{self.init}")'

    def module(self) -> nn.Module:
        """The module."""
        from torch import nn

        from cnn.network import modules

        name = self.name.removeprefix("nn.")
        made_by = getattr(modules, name, None) or getattr(nn, name)
        module = made_by(*self.values, **self.options)
        return module if self.init == "default" else modules.initialised(module, self.init)
