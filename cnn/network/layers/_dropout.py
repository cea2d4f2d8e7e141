"""Dropout."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cnn.network.layers._base import Layer, Shape
from cnn.network.layers._source import TorchCall, call


class Dropout(Layer):
    """Dropout of single values (Srivastava and others, 2014, JMLR 15)."""

    title = "Dropout"
    group = "Regularisation"
    icon = ":material/blur_on:"
    about = (
        "While training, sets a random share of the values to zero, so that no unit can rely on "
        "one other: a measure against over-fitting. Does nothing when predicting."
    )
    kind: Literal["dropout"] = "dropout"
    rate: float = Field(
        0.25,
        ge=0.0,
        le=0.9,
        title="Rate",
        description="The share of values set to zero in training.",
        json_schema_extra={"step": 0.05},
    )

    @property
    def summary(self) -> str:
        """The rate."""
        return f"Dropout {self.rate:g}"

    def torch_call(self, shape: Shape) -> TorchCall:
        """`nn.Dropout(0.25)`."""
        return TorchCall("nn.Dropout", self.rate)

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        """`Dropout`."""
        return (call("layers.Dropout", self.rate),)
