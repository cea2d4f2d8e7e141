"""The base class of all layer types, and the error of a layer that cannot work."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from pydantic import Field, JsonValue

from cnn.common.checked import Checked
from cnn.network.layers._source import TorchCall

if TYPE_CHECKING:
    from torch import nn

Shape = tuple[int, ...]
Group = Literal[
    "Feature extraction", "Down-sampling", "Non-linearity", "Regularisation", "Classification"
]
WorksOn = Literal["maps", "flat", "any"]


class SlidingWindow(NamedTuple):
    """A square window that slides over maps, in pixels: its side with the gaps of its dilation, its
    stride, and how many rows of zeros are added above (and columns left of) its first position."""

    size: int
    stride: int
    padding_before: int = 0

    def positions(self, length: int) -> int:
        """How many positions it has along `length` pixels, padding included."""
        return (length - self.size) // self.stride + 1


def same_padding(kernel_size: int, dilation: int = 1) -> int:
    """Rows of zeros that 'same' padding adds above the maps (and columns left of them), as torch
    does. As many come below; one more where the window's side is even."""
    return dilation * (kernel_size - 1) // 2


def same_positions(length: int, stride: int) -> int:
    """How many positions a window has along `length` pixels under 'same' padding."""
    return -(-length // stride)


@dataclass(frozen=True)
class Fix:
    """A change to the layer's own fields that solves its problem: a button's label, new values."""

    label: str
    changes: dict[str, int | str]


class LayerError(ValueError):
    """A layer that cannot work on the input it gets: what is wrong, and what to do about it.

    `fixes` are changes to its fields that solve the problem. What can be done around the layer
    (move it, switch it off, flatten above it) is found by `cnn.network.suggest_fixes`.
    """

    def __init__(self, problem: str, suggestion: str, *fixes: Fix):
        super().__init__(f"{problem} {suggestion}")
        self.problem = problem
        self.suggestion = suggestion
        self.fixes = fixes


def show(shape: Shape) -> str:
    """A shape as people write it: `32×14×14`, or `128` for a flat vector."""
    return "×".join(map(str, shape))


def advanced(**extra: JsonValue) -> dict[str, JsonValue]:
    """Marks a field that few people need: the page shows it under "More"."""
    return {"advanced": True, **extra}


class Layer(Checked):
    """The base of all layer types. Its defaults are those of a layer that changes no shape.

    A subclass declares its fields with their limits, `_output_shape`, its parameters and
    multiply-adds, the call that makes its torch module, and the Keras source of the same. Card,
    validation, table, picture, both generators and the JSON schema follow from that.
    """

    title: ClassVar[str]
    group: ClassVar[Group]
    icon: ClassVar[str]
    about: ClassVar[str]
    works_on: ClassVar[WorksOn] = "any"
    # Classes and functions that its source uses: from cnn.network.modules (PyTorch) and from
    # cnn.export.codegen (Keras).
    torch_helpers: ClassVar[tuple[str, ...]] = ()
    keras_helpers: ClassVar[tuple[str, ...]] = ()

    kind: str
    enabled: bool = Field(
        True,
        title="On",
        description="A layer that is off stays in the list and passes its input on unchanged.",
        json_schema_extra={"control": "switch"},
    )

    @classmethod
    def _refusal(cls, field: str, problem: str) -> LayerError:
        title = cls.model_fields[field].title if field in cls.model_fields else None
        return LayerError(f"{title or field}:", problem)

    @property
    def summary(self) -> str:
        """Its name with its most important values, such as `MaxPool 2×2`."""
        return self.title

    def output_shape(self, shape: Shape) -> Shape:
        """The shape that comes out for an input of `shape`; raises LayerError where none can.

        Answers as if the layer were on, also where it is switched off.
        """
        if self.works_on == "maps" and len(shape) != 3:
            raise LayerError(
                f"it works on maps, but its input is a flat vector of {show(shape)}.",
                "Move it above the layer that flattens, or remove it.",
            )
        if self.works_on == "flat" and len(shape) != 1:
            raise LayerError(
                f"it needs a flat vector, but its input is {show(shape)} maps.",
                "Put Flatten or GlobalAvgPool above it.",
            )
        return self._output_shape(shape)

    def _output_shape(self, shape: Shape) -> Shape:
        return shape

    def parameters(self, shape: Shape) -> int:
        """How many numbers this layer learns, for an input of `shape`."""
        return 0

    def multiply_adds(self, shape: Shape) -> int:
        """Multiply-adds of one image's forward pass (convolution and matrix products only)."""
        return 0

    def activation_bytes(self, shape: Shape) -> int:
        """Bytes of this layer's output for one image, in float32."""
        return 4 * math.prod(self.output_shape(shape))

    def windows(self) -> tuple[SlidingWindow, ...]:
        """Each sliding window inside, in the order of the data, for the receptive field."""
        return ()

    def torch_call(self, shape: Shape) -> TorchCall:
        """The call that makes its torch module for an input of `shape` (which must be valid)."""
        raise NotImplementedError

    def module(self, shape: Shape) -> nn.Module:
        """The torch module for an input of `shape` (which must be valid)."""
        return self.torch_call(shape).module()

    def torch_source(self, shape: Shape) -> str:
        """A PyTorch expression that makes the same, with the names of `torch_helpers`."""
        return self.torch_call(shape).source()

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        """Keras expressions, one per Keras layer, that compute the same (channels last)."""
        raise NotImplementedError
