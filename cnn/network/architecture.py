"""An architecture: a list of layers and the classifier, its table of shapes, and the network.

Shapes, parameters, multiply-adds and receptive fields are computed without torch, so that the
Design page answers at once; only `build` imports it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from cnn.common.checked import Checked
from cnn.network.layers import AnyLayer, Classifier, Fix, Layer, LayerError, Shape

if TYPE_CHECKING:
    from torch import nn

INPUT_SHAPE: Shape = (1, 28, 28)
MAX_LAYERS = 60
ANSWERS_KEPT = 500
# 64 MB of float32 weights: more than digits need, less than every machine's memory.
MAX_PARAMETERS = 16_000_000


class ArchitectureError(ValueError):
    """An architecture that cannot be read or built. The message names the layer and what to do."""


@dataclass(frozen=True)
class Row:
    """One layer in the architecture's table.

    A layer that cannot work has `problem` set. One that is switched off (`skipped`) has its
    input's shape as its output, and costs nothing. `activation_bytes` is the float32 output of
    one image; `parameter_share` is of the whole network's parameters, in 0-1.
    """

    number: int
    layer: Layer
    input_shape: Shape | None
    output_shape: Shape | None
    parameters: int = 0
    multiply_adds: int = 0
    receptive_field: int = 1
    activation_bytes: int = 0
    parameter_share: float = 0.0
    skipped: bool = False
    problem: str | None = None
    suggestion: str | None = None
    fixes: tuple[Fix, ...] = ()


def _computed(row: Row, shape: Shape) -> Row:
    """The row with what its layer makes of an input of `shape`, or with the layer's problem."""
    layer = row.layer
    try:
        output_shape = layer.output_shape(shape)
    except LayerError as error:
        return replace(row, problem=error.problem, suggestion=error.suggestion, fixes=error.fixes)
    return replace(
        row,
        output_shape=output_shape,
        parameters=layer.parameters(shape),
        multiply_adds=layer.multiply_adds(shape),
        activation_bytes=layer.activation_bytes(shape),
    )


def failing_row(rows: Iterable[Row]) -> Row | None:
    """The first layer that cannot work."""
    return next((row for row in rows if row.problem), None)


class Architecture(Checked):
    """Hidden layers in the order in which data flows, and `head`, the classifier at the end."""

    version: Literal[1] = 1
    layers: tuple[AnyLayer, ...] = Field((), max_length=MAX_LAYERS)
    head: Classifier = Classifier()

    @classmethod
    def _refusal(cls, field: str, problem: str) -> ArchitectureError:
        return ArchitectureError(f"{field}: {problem}")

    @property
    def all_layers(self) -> tuple[Layer, ...]:
        """The hidden layers and the classifier."""
        return (*self.layers, self.head)

    @property
    def convolutional(self) -> bool:
        """Whether any layer convolves."""
        return any(hasattr(layer, "filters") for layer in self.layers)

    def table(self) -> list[Row]:
        """One row per layer, the classifier last.

        The first layer that cannot work carries its problem; the layers below it have no input
        shape, since nothing reaches them. The receptive field is the side, in input pixels, of
        what one output value depends on (Dumoulin and Visin, arXiv:1603.07285).
        """
        return list(_rows(self))

    def _table(self) -> tuple[Row, ...]:
        rows: list[Row] = []
        shape: Shape | None = INPUT_SHAPE
        field, jump = 1, 1  # of one value: what it sees, and how far its neighbour's is from it
        for number, layer in enumerate(self.all_layers, start=1):
            row = Row(number, layer, shape, None, skipped=not layer.enabled)
            if shape is not None and not layer.enabled:
                row = replace(row, output_shape=shape)
            elif shape is not None:
                row = _computed(row, shape)
                for window in layer.windows():
                    field, jump = field + (window.size - 1) * jump, jump * window.stride
                if len(row.output_shape or ()) == 1 and (len(shape) == 3 or row.multiply_adds):
                    field = INPUT_SHAPE[1]  # each value of a flat vector depends on all pixels
            shape = row.output_shape
            if shape is not None:
                row = replace(row, receptive_field=min(field, INPUT_SHAPE[1]))
            rows.append(row)
        total = sum(row.parameters for row in rows)
        return tuple(
            replace(row, parameter_share=row.parameters / total) if row.parameters else row
            for row in rows
        )

    def problem(self) -> str | None:
        """What keeps this architecture from working, naming the layer and what to do, or None."""
        return _problem(self)

    def build(self) -> nn.Sequential:
        """The network as `nn.Sequential`, one module per layer, with PyTorch's default weights.

        Maps float32 `(N, 1, 28, 28)` to logits `(N, classes)`. A layer that is switched off
        is an `nn.Identity`, so that modules and layers keep the same numbers. Seed torch before
        for repeatable weights. Raises ArchitectureError for an architecture that cannot work.
        """
        from torch import nn

        if problem := self.problem():
            raise ArchitectureError(problem)
        modules: list[nn.Module] = []
        for row in self.table():
            assert row.input_shape is not None
            modules.append(nn.Identity() if row.skipped else row.layer.module(row.input_shape))
        return nn.Sequential(*modules)

    @property
    def parameters(self) -> int:
        """Learned numbers in the whole network, as far as its layers work."""
        return _parameters(self)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of one image's forward pass."""
        return sum(row.multiply_adds for row in self.table())

    @property
    def activation_bytes(self) -> int:
        """Bytes of all layers' float32 outputs for one image: what training has to remember."""
        return sum(row.activation_bytes for row in self.table())


# Kept: a page asks for them many times in one run of its script, a table of five hundred runs of
# the same few networks.
@functools.lru_cache(maxsize=ANSWERS_KEPT)
def _rows(architecture: Architecture) -> tuple[Row, ...]:
    return architecture._table()


@functools.lru_cache(maxsize=ANSWERS_KEPT)
def _problem(architecture: Architecture) -> str | None:
    rows = architecture.table()
    if row := failing_row(rows):
        return f"Layer {row.number} ({row.layer.summary}): {row.problem} {row.suggestion}"
    total = sum(row.parameters for row in rows)
    if total > MAX_PARAMETERS:
        largest = max(rows, key=lambda row: row.parameters)
        return (
            f"The network has {total:,} parameters; at most {MAX_PARAMETERS:,} are allowed. "
            f"Layer {largest.number} ({largest.layer.summary}) holds {largest.parameters:,}: "
            "make it smaller, or pool more above it."
        )
    return None


@functools.lru_cache(maxsize=ANSWERS_KEPT)
def _parameters(architecture: Architecture) -> int:
    return sum(row.parameters for row in architecture.table())
