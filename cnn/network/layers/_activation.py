"""Non-linear functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from cnn.network.layers._base import Group, Layer, Shape

if TYPE_CHECKING:
    from torch import nn

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
_TORCH = {
    "relu": "nn.ReLU()",
    "leaky_relu": "nn.LeakyReLU()",
    "gelu": "nn.GELU()",
    "silu": "nn.SiLU()",
    "tanh": "nn.Tanh()",
    "sigmoid": "nn.Sigmoid()",
    "softmax": "nn.Softmax(dim=1)",
}
_KERAS = {
    "leaky_relu": "layers.LeakyReLU(negative_slope=0.01)",
    "gelu": 'layers.Activation("gelu")',
}


class Activation(Layer):
    """A non-linear function of every value (softmax: over the channels or features)."""

    title: ClassVar[str] = "Activation"
    group: ClassVar[Group] = "Non-linearity"
    icon: ClassVar[str] = ":material/show_chart:"
    about: ClassVar[str] = (
        "Bends the straight line between input and output. Without one, any stack of layers is "
        "no more than a single linear layer."
    )
    kind: Literal["activation"] = "activation"
    function: ActivationName = Field(
        "relu",
        title="Function",
        description="ReLU cuts off what is negative; tanh and sigmoid squash; softmax shares out.",
        json_schema_extra={"labels": {**ACTIVATIONS}},
    )

    @property
    def summary(self) -> str:
        """The function's name."""
        return ACTIVATIONS[self.function]

    def module(self, shape: Shape) -> nn.Module:
        """The torch module of that function."""
        from torch import nn

        return {
            "relu": nn.ReLU,
            "leaky_relu": nn.LeakyReLU,
            "gelu": nn.GELU,
            "silu": nn.SiLU,
            "tanh": nn.Tanh,
            "sigmoid": nn.Sigmoid,
            "softmax": lambda: nn.Softmax(dim=1),
        }[self.function]()

    def torch_source(self, shape: Shape) -> str:
        """`nn.ReLU()`."""
        return _TORCH[self.function]

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        """`Activation("relu")`; softmax shares out over Keras's last axis, the channels."""
        return (_KERAS.get(self.function, f'layers.Activation("{self.function}")'),)
