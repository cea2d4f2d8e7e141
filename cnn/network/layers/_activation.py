"""Non-linear functions."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cnn.network.layers._base import Layer, Shape
from cnn.network.layers._source import TorchCall

ActivationName = Literal["relu", "leaky_relu", "gelu", "silu", "tanh", "sigmoid", "softmax"]
ACTIVATIONS: dict[str, str] = {
    "relu": "ReLU",
    "leaky_relu": "LeakyReLU",
    "gelu": "GELU",
    "silu": "SiLU",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "softmax": "softmax",
}
_KERAS = {
    "leaky_relu": "layers.LeakyReLU(negative_slope=0.01)",
    "gelu": 'layers.Activation("gelu")',
}


class Activation(Layer):
    """A non-linear function of every value (softmax: over the channels or features)."""

    title = "Activation"
    group = "Non-linearity"
    icon = ":material/show_chart:"
    about = (
        "Makes the network non-linear. Without one, any stack of layers is no more than a single "
        "linear layer."
    )
    kind: Literal["activation"] = "activation"
    function: ActivationName = Field(
        "relu",
        title="Function",
        description="ReLU sets negative values to zero; tanh and sigmoid limit the range; softmax "
        "turns the values into shares of 1.",
        json_schema_extra={"labels": {**ACTIVATIONS}},
    )

    @property
    def summary(self) -> str:
        """The function's name."""
        return ACTIVATIONS[self.function]

    def torch_call(self, shape: Shape) -> TorchCall:
        """`nn.ReLU()`, `nn.Softmax(dim=1)`."""
        name = self.summary[0].upper() + self.summary[1:]  # tanh is nn.Tanh
        return TorchCall(f"nn.{name}", dim=1 if self.function == "softmax" else None)

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        """`Activation("relu")`; Keras takes softmax over its last axis, the channels."""
        return (_KERAS.get(self.function, f'layers.Activation("{self.function}")'),)
