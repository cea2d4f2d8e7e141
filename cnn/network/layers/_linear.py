"""Fully connected layers: hidden ones, and the classifier, the last layer of every network."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cnn.network.layers._base import Layer, Shape
from cnn.network.layers._init import Init, keras_init
from cnn.network.layers._source import TorchCall, call, unless


class Linear(Layer):
    """A fully connected layer: `(features,)` to `(units,)`."""

    title = "Linear"
    group = "Classification"
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

    def torch_call(self, shape: Shape) -> TorchCall:
        """`nn.Linear(784, 128)`."""
        bias = unless(self.bias, True)
        return TorchCall("nn.Linear", shape[0], self.units, bias=bias, init=self.init)

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        """`Dense`."""
        source = call("layers.Dense", self.units, use_bias=unless(self.bias, True))
        return (keras_init(source, self.init),)


class Classifier(Layer):
    """A Linear layer with one output per class, always the network's last layer."""

    title = "Classifier"
    group = "Classification"
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

    def torch_call(self, shape: Shape) -> TorchCall:
        """`Classifier(128, 10, output="sigmoid")`, a class that the script defines."""
        return TorchCall("Classifier", shape[0], self.classes, output=self.output)

    def torch_source(self, shape: Shape) -> str:
        """For softmax, which is in the loss: `nn.Linear(128, 10)`."""
        if self.output == "softmax":
            return call("nn.Linear", shape[0], self.classes)
        return super().torch_source(shape)

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        """`Dense`: plain logits, or sigmoids; the loss in the script is told which."""
        activation = None if self.output == "softmax" else "sigmoid"
        return (keras_init(call("layers.Dense", self.classes, activation=activation), "default"),)
