"""Weight initialisation: the one list that Conv2d and Linear offer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cnn.network.layers._base import advanced

INITS: dict[str, str] = {
    "default": "PyTorch's own",
    "kaiming": "Kaiming (for ReLU)",
    "xavier": "Xavier (for tanh)",
    "orthogonal": "Orthogonal",
    "wide": "Too wide: std 1",
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

# The type of the field `init`, with its title and description, of every layer that has weights.
Init = Annotated[
    Literal["default", "kaiming", "xavier", "orthogonal", "wide", "zeros"],
    Field(
        title="Weight initialisation",
        description="The weights before training: Kaiming (He and others, 2015) suits ReLU, Xavier "
        "(Glorot and Bengio, 2010) suits tanh; the two bad ones are here to try.",
        json_schema_extra=advanced(labels={**INITS}),
    ),
]


def keras_init(source: str, init: str, argument: str = "kernel_initializer") -> str:
    """A Keras layer's source with its initialiser as one more argument."""
    return f"{source[:-1]}, {argument}={_KERAS_INITS[init]})"
