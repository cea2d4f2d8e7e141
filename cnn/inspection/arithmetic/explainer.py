"""Explains any value of a forward pass.

A layer that computes in several operations (a residual block, the classifier) can be explained
operation by operation; the operation "output" is always the layer's own result.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from cnn.inspection.arithmetic import sliding_window
from cnn.inspection.arithmetic.explanations import (
    Addition,
    BatchNorm,
    Copy,
    Explanation,
    Function,
    MapMean,
    Place,
    Softmax,
    WeightedSum,
)
from cnn.network import Architecture, modules
from cnn.network.operations import Operation, operations


class Explainer:
    """One image's forward pass, kept so that any value of any layer can be explained at once.

    `x` is one prepared image, float32 `(1, 1, 28, 28)`; `model` must be in evaluation.
    """

    def __init__(self, model: nn.Sequential, architecture: Architecture, x: Tensor):
        self.architecture = architecture
        self.modules = list(model)
        self._inputs = [x]
        self._results: dict[int, dict[str, Tensor]] = {}
        with torch.inference_mode():
            for module in self.modules:
                self._inputs.append(module(self._inputs[-1]))

    def operations(self, number: int) -> list[Operation]:
        """The operations of layer `number` (from 1)."""
        self._check(number)
        return operations(self.architecture.all_layers[number - 1], self.modules[number - 1])

    def values(self, number: int, operation: str = "output") -> NDArray[np.float32]:
        """An operation's values for this image: float32 `(C, H, W)` or `(features,)`."""
        return self._result(number, operation)[0].float().numpy()

    def explain(
        self,
        number: int,
        channel: int = 0,
        row: int = 0,
        column: int = 0,
        operation: str = "output",
    ) -> Explanation:
        """How the value at `(channel, row, column)` of a layer's operation was computed.

        For a flat vector `channel` is the feature, and row and column do not count. Raises
        ValueError for a place or an operation that does not exist.
        """
        names = [known.name for known in self.operations(number)]
        if operation not in names:
            raise ValueError(f"Layer {number} has no operation '{operation}'.")
        values = self.values(number, operation)
        if values.ndim == 1:
            row = column = 0
        for index, limit in zip((channel, row, column), (*values.shape, 1, 1), strict=False):
            if not 0 <= index < limit:
                raise ValueError(
                    f"Layer {number} has no value at channel {channel}, row {row}, column "
                    f"{column}: its shape is {'×'.join(map(str, values.shape))}."
                )
        place = Place(number, channel, row, column)
        return self._explain(place, place.at(values), names.index(operation))

    def _explain(self, place: Place, value: float, index: int) -> Explanation:
        """The arithmetic of a layer's `index`th operation, by its function or its module's type."""
        operation = self.operations(place.number)[index]
        inputs = [self.values(place.number, name) for name in operation.inputs]
        x = inputs[0]
        if len(inputs) == 2:
            return Addition(place, value, place.at(x), place.at(inputs[1]))
        if operation.function == "softmax":
            logits = x if x.ndim == 1 else x[:, place.row, place.column]
            return Softmax(place, value, logits.astype(np.float64))
        if operation.function:
            return Function(place, value, operation.function, place.at(x))
        module = self._module(place.number, operation)
        source = self._result(place.number, operation.inputs[0])
        if isinstance(module, nn.Conv2d):
            after = self._up_to_next_convolution(place, index)
            return sliding_window.convolution(place, value, operation.title, module, source, after)
        if isinstance(module, nn.MaxPool2d | nn.AvgPool2d | modules.SumPool2d):
            return sliding_window.pooling(place, value, operation.title, module, source)
        if isinstance(module, modules.GlobalAvgPool):
            return MapMean(place, value, x[place.channel])
        if isinstance(module, nn.BatchNorm2d):
            return _batch_norm(place, value, module, place.at(x))
        if isinstance(module, nn.Linear):
            weights = module.weight[place.channel].detach().float().numpy()
            bias = 0.0 if module.bias is None else module.bias[place.channel].item()
            return WeightedSum(place, value, x, weights, bias)
        if isinstance(module, nn.Flatten):
            origin = np.unravel_index(place.channel, (*x.shape, 1, 1)[:3])
            return Copy(
                place, value, Place(place.number, *map(int, origin)), float(x.flat[place.channel])
            )
        # Dropout in evaluation, and a layer that is switched off, hand their input on.
        return Copy(place, value, place, place.at(x))

    def _up_to_next_convolution(
        self, place: Place, index: int
    ) -> list[tuple[str, NDArray[np.float32]]]:
        """What the operations of a block from `index` to its next convolution make of one map."""
        found: list[tuple[str, NDArray[np.float32]]] = []
        steps = self.operations(place.number)
        last = steps[index].name
        for following in steps[index + 1 :]:
            if last not in following.inputs:
                continue
            if following.path.startswith("conv"):
                break
            values = self.values(place.number, following.name)
            found.append((following.title, values[place.channel]))
            last = following.name
        return found

    def _check(self, number: int) -> None:
        if not 1 <= number <= len(self.modules):
            raise ValueError(f"There is no layer {number} in this network.")

    def _module(self, number: int, operation: Operation) -> nn.Module:
        return self.modules[number - 1].get_submodule(operation.path)

    def _result(self, number: int, operation: str) -> Tensor:
        """An operation's values with the batch dimension; a layer's are all computed at once."""
        self._check(number)
        if number not in self._results:
            self._results[number] = self._run(number)
        return self._results[number][operation]

    def _run(self, number: int) -> dict[str, Tensor]:
        found = {"input": self._inputs[number - 1], "output": self._inputs[number]}
        with torch.inference_mode():
            for operation in self.operations(number):
                sources = [found[name] for name in operation.inputs]
                if operation.is_output:
                    continue
                if operation.function == "relu":
                    found[operation.name] = F.relu(sources[0])
                elif operation.function == "softmax":
                    found[operation.name] = sources[0].softmax(1)
                elif len(sources) == 2:
                    found[operation.name] = sources[0] + sources[1]
                elif operation.name == "scores":  # the classifier's product without its sigmoid
                    head = self.modules[number - 1]
                    found[operation.name] = F.linear(sources[0], head.weight, head.bias)
                else:
                    found[operation.name] = self._module(number, operation)(sources[0])
        return found


def _batch_norm(place: Place, value: float, module: nn.BatchNorm2d, x: float) -> BatchNorm:
    mean, variance = (t[place.channel].item() for t in (module.running_mean, module.running_var))
    scale, shift = 1.0, 0.0
    if module.affine:
        scale, shift = (t[place.channel].item() for t in (module.weight, module.bias))
    return BatchNorm(place, value, x, mean, variance, module.eps, scale, shift)
