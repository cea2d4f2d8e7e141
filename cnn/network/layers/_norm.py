"""Batch normalisation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cnn.network.layers._base import Layer, Shape, advanced
from cnn.network.layers._source import TorchCall, call, unless


class BatchNorm2d(Layer):
    """Batch normalisation of maps (Ioffe and Szegedy, 2015, arXiv:1502.03167)."""

    title = "BatchNorm2d"
    group = "Regularisation"
    icon = ":material/equalizer:"
    about = (
        "Brings every map to mean 0 and standard deviation 1 over the batch, then scales and "
        "shifts it by two learned numbers. Training becomes faster and less sensitive to the "
        "learning rate."
    )
    works_on = "maps"
    kind: Literal["batch_norm2d"] = "batch_norm2d"
    momentum: float = Field(
        0.1,
        ge=0.01,
        le=1.0,
        title="Momentum",
        description="How fast the running mean and variance, which predictions use, follow the "
        "batches: 0.1 keeps nine tenths of the old at every step.",
        json_schema_extra=advanced(step=0.01),
    )

    @property
    def summary(self) -> str:
        """The short name."""
        return "BatchNorm"

    def parameters(self, shape: Shape) -> int:
        """A scale and a shift per map."""
        return 2 * shape[0]

    def torch_call(self, shape: Shape) -> TorchCall:
        """`nn.BatchNorm2d(16)`."""
        return TorchCall("nn.BatchNorm2d", shape[0], momentum=unless(self.momentum, 0.1))

    def keras_source(self, shape: Shape) -> tuple[str, ...]:
        """Keras counts momentum the other way round, and has another epsilon."""
        momentum = round(1 - self.momentum, 6)
        return (call("layers.BatchNormalization", momentum=momentum, epsilon=1e-5),)
