"""A family of networks that a few knobs span: what Play builds, Compact CNN among them."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field

from cnn.common.checked import Checked
from cnn.network import Architecture
from cnn.network.layers import (
    ACTIVATIONS,
    Activation,
    AnyLayer,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    MaxPool2d,
    SumPool2d,
)
from cnn.presets.blocks import network

Bend = Literal["relu", "leaky_relu", "gelu", "tanh", "sigmoid"]
POOLS: dict[str, type[MaxPool2d] | type[AvgPool2d] | type[SumPool2d]] = {
    "max": MaxPool2d,
    "avg": AvgPool2d,
    "sum": SumPool2d,
}


class Knobs(Checked):
    """Blocks of convolution, batch norm, activation and pooling, each with twice the filters of the
    one before; then dropout and the classifier."""

    blocks: Literal[1, 2, 3] = Field(
        3, title="Blocks", description="Convolution, batch norm, activation, pooling: each once."
    )
    filters: Literal[4, 8, 16, 24, 32] = Field(
        24,
        title="Filters",
        description="Of the first block; each next one has twice as many.",
    )
    kernel_size: Literal[3, 5] = Field(
        3,
        title="Kernel",
        description="The side of the filters, in pixels.",
        json_schema_extra={"labels": {"3": "3×3", "5": "5×5"}},
    )
    pooling: Literal["max", "avg", "sum"] = Field(
        "max",
        title="Pooling",
        description="What stands for each 2×2 square: its largest value, their mean or their sum.",
        json_schema_extra={"labels": {"max": "Max", "avg": "Average", "sum": "Sum"}},
    )
    activation: Bend = Field(
        "relu",
        title="Activation",
        description="The bend after each convolution.",
        json_schema_extra={"labels": {name: ACTIVATIONS[name] for name in get_args(Bend)}},
    )
    dropout: float = Field(
        0.0,
        ge=0.0,
        le=0.8,
        title="Dropout",
        description="The share of features that is switched off at random in every step.",
        json_schema_extra={"step": 0.1},
    )

    def architecture(self) -> Architecture:
        """The network that the knobs stand for."""
        layers: list[AnyLayer] = []
        for block in range(self.blocks):
            conv = Conv2d(filters=self.filters * 2**block, kernel_size=self.kernel_size, bias=False)
            layers += [conv, BatchNorm2d(), Activation(function=self.activation)]
            layers.append(POOLS[self.pooling]())
        layers.append(Flatten())
        if self.dropout:
            layers.append(Dropout(rate=self.dropout))
        return network(*layers)


def knobs_of(architecture: Architecture) -> Knobs | None:
    """The knobs that give exactly this network; None for one that they cannot build."""
    nearest = nearest_knobs(architecture)
    return nearest if nearest.architecture() == architecture else None


def nearest_knobs(architecture: Architecture) -> Knobs:
    """Knobs as near to a network as they come: what a first turn of one of them starts from."""
    layers = [layer for layer in architecture.layers if layer.enabled]
    convs = [layer for layer in layers if isinstance(layer, Conv2d)]
    bends = [layer.function for layer in layers if isinstance(layer, Activation)]
    pools = [name for layer in layers for name, kind in POOLS.items() if type(layer) is kind]
    rates = [layer.rate for layer in layers if isinstance(layer, Dropout)]
    sizes = get_args(Knobs.model_fields["filters"].annotation)
    return Knobs.model_validate(
        {
            "blocks": min(max(len(convs), 1), 3),
            "filters": min(sizes, key=lambda n: abs(n - convs[0].filters)) if convs else 24,
            "kernel_size": 5 if convs and convs[0].kernel_size >= 5 else 3,
            "pooling": pools[0] if pools else "max",
            "activation": bends[0] if bends and bends[0] in get_args(Bend) else "relu",
            "dropout": min(round(rates[-1], 1), 0.8) if rates else 0.0,
        }
    )
