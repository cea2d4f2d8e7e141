"""The steps inside a layer: one for most, several for a residual block and for the classifier."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from cnn.network import modules
from cnn.network.layers import Activation, Layer


@dataclass(frozen=True)
class Operation:
    """One step inside a layer: its name, its title on the page, and the operations it reads.

    `inputs` are names of operations, or "input", the layer's own. `path` names its module inside
    the layer's, as in the weights' names ("" is the layer itself). `function` is the non-linear
    function that it applies, "" where it applies none.
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
    """Whether a module computes anything: a layer that is switched off is an Identity."""
    return not isinstance(module, nn.Identity)


def _residual_operations(module: modules.ResidualBlock) -> list[Operation]:
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
            Operation("shortcut.0", "Shortcut: 1×1 convolution", path="shortcut.0"),
            Operation("shortcut.1", "Shortcut: batch norm", ("shortcut.0",), "shortcut.1"),
        ]
        shortcut = "shortcut.1"
    return [
        *found,
        Operation("sum", "Sum with the shortcut", ("norm2", shortcut)),
        Operation("output", "Last ReLU", ("sum",), function="relu"),
    ]
