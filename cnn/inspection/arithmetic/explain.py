"""How one output value came about, as numbers that add up.

    explainer = Explainer(model, architecture, x)
    why = explainer.explain(number=1, channel=3, row=10, column=12)

`why.value` is what the network computed; `why.total` is computed again from the numbers that are
shown, in float64. Each kind of arithmetic is one class, so that a page draws one thing for each.

A layer that computes in several steps (a residual block, the classifier) names them as parts, each
of which can be explained by itself; the part "output" is always the layer's own result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cnn.inspection.arithmetic.explanations import (
    Convolution,
    Copy,
    Explanation,
    Function,
    Normalisation,
    Place,
    Pooling,
    Products,
    Shares,
    Sum,
    Window,
)
from cnn.network import Architecture
from cnn.network.operations import Operation, operations

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = [
    "Convolution",
    "Copy",
    "Explainer",
    "Explanation",
    "Function",
    "Normalisation",
    "Operation",
    "Place",
    "Pooling",
    "Products",
    "Shares",
    "Sum",
    "Window",
    "explain",
    "operations",
]


class Explainer:
    """One image's forward pass, kept so that any value of any layer can be explained at once.

    `x` is one prepared image, float32 `(1, 1, 28, 28)`; `model` must be in evaluation.
    """

    def __init__(self, model: nn.Module, architecture: Architecture, x: Tensor):
        import torch

        self.architecture = architecture
        self.modules: list[Any] = list(model)
        self._inputs: list[Tensor] = [x]
        self._parts: dict[int, dict[str, Tensor]] = {}
        with torch.inference_mode():
            for module in self.modules:
                self._inputs.append(module(self._inputs[-1]))

    def operations(self, number: int) -> list[Operation]:
        """The steps of layer `number` (from 1)."""
        self._check(number)
        return operations(self.architecture.all_layers[number - 1], self.modules[number - 1])

    def values(self, number: int, part: str = "output") -> np.ndarray:
        """A part's values for this image: float32 `(C, H, W)` or `(features,)`."""
        return _array(self._part(number, part))

    def explain(
        self, number: int, channel: int = 0, row: int = 0, column: int = 0, part: str = "output"
    ) -> Explanation:
        """How the value at `(channel, row, column)` of a layer's part came about.

        For a flat vector `channel` is the feature, and row and column are of no account. Raises
        ValueError for a place or a part that does not exist.
        """
        step = next((p for p in self.operations(number) if p.name == part), None)
        if step is None:
            raise ValueError(f"Layer {number} has no part '{part}'.")
        result = self._part(number, part)[0]
        if result.ndim == 1:
            row = column = 0
        limits = (*result.shape, 1, 1)[:3]
        for index, limit in zip((channel, row, column), limits, strict=True):
            if not 0 <= index < limit:
                raise ValueError(
                    f"Layer {number} has no value at channel {channel}, row {row}, column "
                    f"{column}: its shape is {'×'.join(map(str, result.shape))}."
                )
        value = float(result[channel] if result.ndim == 1 else result[channel, row, column])
        layer = self.architecture.all_layers[number - 1]
        place = Place(number, layer, part, channel, row, column, value)
        sources = [self._part(number, name)[0] for name in step.inputs]
        return _explain(place, step, self._module(number, step), sources)

    def _check(self, number: int) -> None:
        if not 1 <= number <= len(self.modules):
            raise ValueError(f"There is no layer {number} in this network.")

    def _module(self, number: int, step: Operation) -> Any:
        """The torch module of a step; None where it is only a function or a sum."""
        if step.function or len(step.inputs) > 1:
            return None
        module = self.modules[number - 1]
        return module.get_submodule(step.path) if step.path else module

    def _part(self, number: int, part: str) -> Tensor:
        """A part's values with the batch dimension; all of a layer's parts are made at once."""
        self._check(number)
        if part == "input":
            return self._inputs[number - 1]
        if part == "output":
            return self._inputs[number]
        if number not in self._parts:
            self._parts[number] = self._run(number)
        return self._parts[number][part]

    def _run(self, number: int) -> dict[str, Tensor]:
        import torch
        import torch.nn.functional as F

        found = {"input": self._inputs[number - 1], "output": self._inputs[number]}
        with torch.inference_mode():
            for step in self.operations(number):
                sources = [found[name] for name in step.inputs]
                if step.is_output:
                    continue
                if step.function == "relu":
                    found[step.name] = F.relu(sources[0])
                elif step.function == "softmax":
                    found[step.name] = sources[0].softmax(1)
                elif len(sources) == 2:
                    found[step.name] = sources[0] + sources[1]
                elif step.name == "scores":  # the classifier's matrix product without its sigmoid
                    head = self.modules[number - 1]
                    found[step.name] = F.linear(sources[0], head.weight, head.bias)
                else:
                    found[step.name] = self._module(number, step)(sources[0])
        return found


def explain(
    model: nn.Module,
    architecture: Architecture,
    x: Tensor,
    number: int,
    channel: int = 0,
    row: int = 0,
    column: int = 0,
    part: str = "output",
) -> Explanation:
    """How one value of one layer came about: see `Explainer.explain`."""
    return Explainer(model, architecture, x).explain(number, channel, row, column, part)


def _array(values: Tensor) -> np.ndarray:
    return values[0].detach().float().cpu().numpy()


def _explain(place: Place, step: Operation, module: Any, sources: list[Tensor]) -> Explanation:
    """The arithmetic of one step, by its function or its module's type."""
    from torch import nn

    from cnn.network import modules

    x = sources[0].detach().float().cpu().numpy()
    if len(sources) == 2:
        return Sum(place, place.at(x), place.at(sources[1].detach().float().cpu().numpy()))
    if step.function == "softmax":
        scores = x if x.ndim == 1 else x[:, place.row, place.column]
        return Shares(place, scores.astype(np.float64))
    if step.function:
        return Function(place, step.function, place.at(x))
    if isinstance(module, nn.Conv2d):
        return _convolution(place, module, x)
    if isinstance(module, nn.MaxPool2d | nn.AvgPool2d | modules.SumPool2d):
        return _pooling(place, module, x)
    if isinstance(module, modules.GlobalAvgPool):
        window = Window.over(x.shape[1:])
        return Pooling(place, "mean", window, x[place.channel])
    if isinstance(module, nn.BatchNorm2d):
        return _normalisation(place, module, x)
    if isinstance(module, nn.Linear):
        weights = module.weight[place.channel].detach().float().cpu().numpy()
        bias = 0.0 if module.bias is None else module.bias[place.channel].item()
        return Products(place, x, weights, bias)
    if isinstance(module, nn.Flatten):
        channel, row, column = np.unravel_index(place.channel, (*x.shape, 1, 1)[:3])
        source = (int(channel), int(row), int(column))
        return Copy(place, source, float(x.reshape(-1)[place.channel]))
    # Dropout in evaluation, and a layer that is switched off, hand their input on.
    return Copy(place, (place.channel, place.row, place.column), place.at(x))


def _convolution(place: Place, module: Any, x: np.ndarray) -> Convolution:
    pads = [
        dilation * (kernel - 1) // 2 if isinstance(module.padding, str) else pad
        for kernel, dilation, pad in zip(
            module.kernel_size,
            module.dilation,
            (0, 0) if isinstance(module.padding, str) else module.padding,
            strict=True,
        )
    ]
    if module.padding == "valid":
        pads = [0, 0]
    window = Window.at(
        place.row, place.column, module.kernel_size, module.stride, pads, module.dilation,
        x.shape[1:],
    )  # fmt: skip
    weights = module.weight[place.channel].detach().float().cpu().numpy()
    per_group = module.in_channels // module.groups
    group = place.channel // (module.out_channels // module.groups)
    inputs = np.arange(group * per_group, (group + 1) * per_group)
    bias = None if module.bias is None else module.bias[place.channel].item()
    return Convolution(place, window, inputs, window.cut(x[inputs]), weights, bias)


def _pooling(place: Place, module: Any, x: np.ndarray) -> Pooling:
    def pair(value: Any) -> tuple[int, int]:
        return tuple(value) if isinstance(value, tuple | list) else (value, value)

    how = {"MaxPool2d": "max", "AvgPool2d": "mean", "SumPool2d": "sum"}[type(module).__name__]
    window = Window.at(
        place.row,
        place.column,
        pair(module.kernel_size),
        pair(module.stride),
        pair(getattr(module, "padding", 0)),
        pair(getattr(module, "dilation", 1)),
        x.shape[1:],
    )
    patch = window.cut(x[place.channel][None], -np.inf if how == "max" else 0.0)[0]
    return Pooling(place, how, window, patch)


def _normalisation(place: Place, module: Any, x: np.ndarray) -> Normalisation:
    channel = place.channel
    return Normalisation(
        place,
        place.at(x),
        module.running_mean[channel].item(),
        module.running_var[channel].item(),
        float(module.eps),
        module.weight[channel].item() if module.affine else 1.0,
        module.bias[channel].item() if module.affine else 0.0,
    )
