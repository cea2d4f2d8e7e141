"""The steps inside a layer: one for most, several for a residual block and for the classifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnn.network.layers import Activation, Layer

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Part:
    """One step inside a layer: its name, words for it, and the parts it reads ("input" first).

    `path` names its module inside the layer's, as in the weights' names ("" is the layer itself).
    """

    name: str
    title: str
    inputs: tuple[str, ...] = ("input",)
    path: str = ""
    function: str = ""

    @property
    def is_output(self) -> bool:
        """Whether it is the layer's own result."""
        return self.name == "output"


def parts(layer: Layer, module: nn.Module) -> list[Part]:
    """The steps of a layer in the order in which they are computed."""
    from cnn.network import modules

    if isinstance(module, modules.ResidualBlock):
        return _residual_parts(module)
    if isinstance(module, modules.Classifier):
        probability = Part("probability", "Probability", ("output",), function="softmax")
        if module.output == "sigmoid":
            return [
                Part("scores", "Weighted sum"),
                Part("output", "Log of its sigmoid", ("scores",), function="log_sigmoid"),
                probability,
            ]
        return [Part("output", "Weighted sum"), probability]
    function = layer.function if isinstance(layer, Activation) and _is_real(module) else ""
    return [Part("output", layer.summary, function=function)]


def _is_real(module: nn.Module) -> bool:
    """Whether a layer does anything: one that is switched off is an Identity."""
    from torch import nn

    return not isinstance(module, nn.Identity)


def _residual_parts(module: Any) -> list[Part]:
    found = [
        Part("conv1", "First convolution", path="conv1"),
        Part("norm1", "First batch norm", ("conv1",), "norm1"),
        Part("relu1", "First ReLU", ("norm1",), function="relu"),
        Part("conv2", "Second convolution", ("relu1",), "conv2"),
        Part("norm2", "Second batch norm", ("conv2",), "norm2"),
    ]
    around = "input"
    if _is_real(module.around):
        found += [
            Part("around.0", "Way around: 1×1 convolution", path="around.0"),
            Part("around.1", "Way around: batch norm", ("around.0",), "around.1"),
        ]
        around = "around.1"
    return [
        *found,
        Part("sum", "Both ways added", ("norm2", around)),
        Part("output", "Last ReLU", ("sum",), function="relu"),
    ]
