"""Fully connected layers: hidden ones, and the classifier, the last layer of every network.

Torch is imported when `module` is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from cnn.network.layers._base import Layer, Shape, call
from cnn.network.layers._init import Init, initialise, keras_init, torch_init

if TYPE_CHECKING:
    from torch import nn


class Linear(Layer):
    """A fully connected layer: `(features,)` to `(units,)`."""

    title = "Linear"
    group = "Classifier"
    icon = ":material/hub:"
    about = (
        "Fully connected: every output weighs every input. It combines the features that were "
        "found, and usually holds most of the parameters."
    )
    works_on = "flat"
    torch_helpers = ("initialised",)
    kind: Literal["linear"] = "linear"
    units: int = Field(128, ge=1, le=1024, title="Units", description="How many outputs it has.")
    bias: bool = Field(True, title="Bias", description="A learned number added to every output.")
    init: Init = "default"

    @property
    def summary(self) -> str:
        """The units."""
        return f"Linear {self.units}"

    def _output_shape(self, shape: Shape) -> Shape:
        return (self.units,)

    def parameters(self, shape: Shape) -> int:
        """A weight per input and output, a bias per output."""
        return self.units * (shape[0] + self.bias)

    def multiply_adds(self, shape: Shape) -> int:
        """One per weight."""
        return self.units * shape[0]

    def module(self, shape: Shape) -> nn.Module:
        """`torch.nn.Linear`."""
        from torch import nn

        return initialise(nn.Linear(shape[0], self.units, bias=self.bias), self.init)

    def torch_source(self, shape: Shape) -> str:
        """`nn.Linear(784, 128)`."""
        bias = None if self.bias else False
        return torch_init(call("nn.Linear", shape[0], self.units, bias=bias), self.init)

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        """`Dense`."""
        bias = None if self.bias else False
        return (keras_init(call("layers.Dense", self.units, use_bias=bias), self.init),)


class Classifier(Layer):
    """A Linear layer with one output per class, always the network's last layer."""

    title = "Classifier"
    group = "Classifier"
    icon = ":material/flag:"
    about = (
        "A Linear layer with one output per class. Softmax turns the outputs into probabilities "
        "that add up to 1; the tutorial's network applies a sigmoid to each instead."
    )
    works_on = "flat"
    torch_helpers = ("Classifier",)
    kind: Literal["classifier"] = "classifier"
    enabled: Literal[True] = Field(True, json_schema_extra={"control": "none"})
    classes: int = Field(10, ge=2, le=100, title="Classes", description="One output per class.")
    output: Literal["softmax", "sigmoid"] = Field(
        "softmax",
        title="Output",
        description="softmax is the usual choice; sigmoid is what the tutorial's network does.",
    )

    @property
    def summary(self) -> str:
        """Classes and output function."""
        return f"Linear {self.classes}, {self.output}"

    def _output_shape(self, shape: Shape) -> Shape:
        return (self.classes,)

    def parameters(self, shape: Shape) -> int:
        """A weight per input and class, a bias per class."""
        return self.classes * (shape[0] + 1)

    def multiply_adds(self, shape: Shape) -> int:
        """One per weight."""
        return self.classes * shape[0]

    def module(self, shape: Shape) -> nn.Module:
        """`cnn.network.modules.Classifier`."""
        from cnn.network.modules import Classifier as Module

        return Module(shape[0], self.classes, self.output)

    def torch_source(self, shape: Shape) -> str:
        """`nn.Linear(128, 10)`: softmax is in the loss; for sigmoid, a class of the script's."""
        if self.output == "softmax":
            return call("nn.Linear", shape[0], self.classes)
        return call("Classifier", shape[0], self.classes, output=self.output)

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        """`Dense`: plain logits, or sigmoids; the loss in the script is told which."""
        activation = None if self.output == "softmax" else "sigmoid"
        return (keras_init(call("layers.Dense", self.classes, activation=activation), "default"),)
