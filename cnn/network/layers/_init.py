"""How weights begin: the one list that Conv2d and Linear offer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from cnn.network.layers._base import advanced

if TYPE_CHECKING:
    from torch import nn

Init = Literal["default", "kaiming", "xavier", "orthogonal", "wide", "zeros"]
INITS: dict[str, str] = {
    "default": "PyTorch's own",
    "kaiming": "Kaiming (for ReLU)",
    "xavier": "Xavier (for tanh)",
    "orthogonal": "Orthogonal",
    "wide": "Too wide: spread 1",
    "zeros": "All zero: never learns",
}

_KERAS_INITS: dict[str, str] = {
    "default": "torch_init()",  # a function in the script
    "kaiming": 'keras.initializers.VarianceScaling(2, "fan_in", "untruncated_normal")',
    "xavier": '"glorot_uniform"',
    "orthogonal": '"orthogonal"',
    "wide": "keras.initializers.RandomNormal(0.0, 1.0)",
    "zeros": '"zeros"',
}


def init_field() -> Any:
    """The field `init`, the same wherever a layer has weights of its own."""
    return Field(
        "default",
        title="First weights",
        description="What the weights are before training: Kaiming (He and others, 2015) suits "
        "ReLU, Xavier (Glorot and Bengio, 2010) suits tanh; two bad starts are here to try.",
        json_schema_extra=advanced(labels={**INITS}),
    )


def initialise(module: nn.Module, init: str) -> nn.Module:
    """`module` with its first weights drawn as `init` says; `default` leaves them alone."""
    if init == "default":
        return module
    from cnn.network.modules import initialised

    return initialised(module, init)


def torch_init(source: str, init: str) -> str:
    """The source of `initialise`."""
    return source if init == "default" else f'initialised({source}, "{init}")'


def keras_init(source: str, init: str) -> str:
    """A Keras layer's source with its initialiser said."""
    return f"{source[:-1]}, kernel_initializer={_KERAS_INITS[init]})"
