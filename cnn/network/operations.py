"""The steps inside a layer: one for most, several for a residual block and for the classifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnn.network.layers import Activation, Layer

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Operation:
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


def operations(layer: Layer, module: nn.Module) -> list[Operation]:
    """The steps of a layer in the order in which they are computed."""
    from cnn.network import modules

    if isinstance(module, modules.ResidualBlock):
        return _residual_operations(module)
    if isinstance(module, modules.Classifier):
        probability = Operation("probability", "Probability", ("output",), function="softmax")
        if module.output == "sigmoid":
            return [
                Operation("scores", "Weighted sum"),
                Operation("output", "Log of its sigmoid", ("scores",), function="log_sigmoid"),
                probability,
            ]
        return [Operation("output", "Weighted sum"), probability]
    function = layer.function if isinstance(layer, Activation) and _is_real(module) else ""
    return [Operation("output", layer.summary, function=function)]


def _is_real(module: nn.Module) -> bool:
    """Whether a layer does anything: one that is switched off is an Identity."""
    from torch import nn

    return not isinstance(module, nn.Identity)


def _residual_operations(module: Any) -> list[Operation]:
    found = [
        Operation("conv1", "First convolution", path="conv1"),
        Operation("norm1", "First batch norm", ("conv1",), "norm1"),
        Operation("relu1", "First ReLU", ("norm1",), function="relu"),
        Operation("conv2", "Second convolution", ("relu1",), "conv2"),
        Operation("norm2", "Second batch norm", ("conv2",), "norm2"),
    ]
    shortcut = "input"
    if _is_real(module.shortcut):
        found += [
            Operation("shortcut.0", "shortcut: 1×1 convolution", path="shortcut.0"),
            Operation("shortcut.1", "shortcut: batch norm", ("shortcut.0",), "shortcut.1"),
        ]
        shortcut = "shortcut.1"
    return [
        *found,
        Operation("sum", "Both ways added", ("norm2", shortcut)),
        Operation("output", "Last ReLU", ("sum",), function="relu"),
    ]
