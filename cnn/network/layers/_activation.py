"""Non-linear functions. Torch is imported when `module` is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from cnn.network.layers._base import Layer, Shape, call

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
_TORCH_OPTIONS = {"softmax": {"dim": 1}}
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

    @property
    def _torch_class(self) -> str:
        return self.summary[0].upper() + self.summary[1:]  # `nn.Tanh` for tanh

    def module(self, shape: Shape) -> nn.Module:
        """The torch module of that function."""
        from torch import nn

        return getattr(nn, self._torch_class)(**_TORCH_OPTIONS.get(self.function, {}))

    def torch_source(self, shape: Shape) -> str:
        """`nn.ReLU()`."""
        return call(f"nn.{self._torch_class}", **_TORCH_OPTIONS.get(self.function, {}))

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        """`Activation("relu")`; Keras takes softmax over its last axis, the channels."""
        return (_KERAS.get(self.function, f'layers.Activation("{self.function}")'),)
