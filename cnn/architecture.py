"""An architecture: a list of layers and the classifier, its table of shapes, and the network.

Everything that can be computed without torch is (shapes, parameters, multiply-adds, receptive
field), so the Design page answers at once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cnn.layers import AnyLayer, Classifier, Layer, LayerError, Shape

if TYPE_CHECKING:
    from torch import nn

INPUT_SHAPE: Shape = (1, 28, 28)
MAX_LAYERS = 60
# 64 MB of float32 weights: well beyond what digits need, well within what every machine holds.
MAX_PARAMETERS = 16_000_000


class ArchitectureError(ValueError):
    """An architecture that cannot be read or built. The message names the layer and the remedy."""


@dataclass(frozen=True)
class Row:
    """One layer in the architecture's table. A layer that cannot work has `problem` set."""

    number: int
    layer: Layer
    input_shape: Shape | None
    output_shape: Shape | None
    parameters: int = 0
    multiply_adds: int = 0
    receptive_field: int = 1
    problem: str | None = None
    remedy: str | None = None


class Architecture(BaseModel):
    """Hidden layers in the order in which data flows, and the classifier that ends them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    layers: tuple[AnyLayer, ...] = Field((), max_length=MAX_LAYERS)
    head: Classifier = Classifier()

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
        rows: list[Row] = []
        shape: Shape | None = INPUT_SHAPE
        field, jump = 1, 1
        for number, layer in enumerate(self.all_layers, start=1):
            if shape is None:
                rows.append(Row(number, layer, None, None))
                continue
            try:
                out = layer.output_shape(shape)
            except LayerError as error:
                rows.append(
                    Row(number, layer, shape, None, problem=error.problem, remedy=error.remedy)
                )
                shape = None
                continue
            for kernel, stride in layer.windows():
                field, jump = field + (kernel - 1) * jump, jump * stride
            if len(out) == 1 and (len(shape) == 3 or layer.multiply_adds(shape)):
                field = INPUT_SHAPE[1]  # flat vectors mix the whole image
            rows.append(
                Row(
                    number,
                    layer,
                    shape,
                    out,
                    layer.parameters(shape),
                    layer.multiply_adds(shape),
                    min(field, INPUT_SHAPE[1]),
                )
            )
            shape = out
        return rows

    def problem(self) -> str | None:
        """What keeps this architecture from working, naming the layer and the remedy, or None."""
        rows = self.table()
        for row in rows:
            if row.problem:
                return f"Layer {row.number} ({row.layer.summary}): {row.problem} {row.remedy}"
        total = sum(row.parameters for row in rows)
        if total > MAX_PARAMETERS:
            largest = max(rows, key=lambda row: row.parameters)
            return (
                f"The network has {total:,} parameters; at most {MAX_PARAMETERS:,} are allowed. "
                f"Layer {largest.number} ({largest.layer.summary}) holds {largest.parameters:,}: "
                "make it smaller, or pool more above it."
            )
        return None

    def build(self) -> nn.Sequential:
        """The network as `nn.Sequential`, one module per layer, with PyTorch's default weights.

        Maps float32 `(N, 1, 28, 28)` to log-scores `(N, classes)`. Seed torch before for
        repeatable weights. Raises ArchitectureError for an architecture that cannot work.
        """
        from torch import nn

        if problem := self.problem():
            raise ArchitectureError(problem)
        modules = []
        for row in self.table():
            assert row.input_shape is not None
            modules.append(row.layer.module(row.input_shape))
        return nn.Sequential(*modules)

    @property
    def parameters(self) -> int:
        """Learned numbers in the whole network (as far as its layers work)."""
        return sum(row.parameters for row in self.table())

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of one image's forward pass."""
        return sum(row.multiply_adds for row in self.table())


def from_json(text: str | bytes) -> Architecture:
    """Read an architecture from JSON, as `Architecture.model_dump_json` writes it.

    Raises ArchitectureError that names the layer, the field and what is allowed.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ArchitectureError(f"This is not JSON: {error}") from None
    return from_dict(data)


def from_dict(data: Any) -> Architecture:
    """Read an architecture from plain data. Raises ArchitectureError as `from_json` does."""
    if not isinstance(data, dict):
        raise ArchitectureError("An architecture is a JSON object with a list 'layers'.")
    try:
        return Architecture.model_validate(data)
    except ValidationError as error:
        raise ArchitectureError(_explain(error, data)) from None


def _explain(error: ValidationError, data: dict[str, Any]) -> str:
    """The first of pydantic's findings in a person's words."""
    first = error.errors(include_url=False)[0]
    place = [str(part) for part in first["loc"]]
    if place[:1] == ["layers"] and len(place) > 1 and place[1].isdigit():
        layers = data.get("layers")
        layer = layers[int(place[1])] if isinstance(layers, list | tuple) else None
        kind = layer.get("kind", "?") if isinstance(layer, dict) else "?"
        where = f"Layer {int(place[1]) + 1} ({kind})"
        field = place[-1] if len(place) > 3 else ""
    else:
        where, field = (place[0] if place else "Architecture"), ".".join(place[1:])
    return f"{where}{', field ' + repr(field) if field else ''}: {first['msg']}."
