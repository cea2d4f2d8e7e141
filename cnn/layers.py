"""The layer types: each declared once, as one class.

A class carries its fields with their limits (the page draws sliders and selects from them, JSON is
validated by them), the arithmetic of its output shape, parameters and multiply-adds, and the torch
module it builds. Nothing here imports torch until `module()` is called, so a page can show shapes
before torch is loaded.

A shape is `(channels, height, width)` for maps and `(features,)` for a flat vector, without the
batch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from torch import nn

Shape = tuple[int, ...]
Group = Literal[
    "Feature extraction", "Down-sampling", "Non-linearity", "Regularisation", "Classifier"
]


class LayerError(ValueError):
    """A layer that cannot work on the input it gets: what is wrong, and what to do about it."""

    def __init__(self, problem: str, remedy: str):
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


def show(shape: Shape) -> str:
    """A shape as people write it: `32×14×14`, or `128` for a flat vector."""
    return "×".join(map(str, shape))


class Layer(BaseModel):
    """What every layer type answers. The defaults are those of a layer that changes no shape."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: ClassVar[str]
    group: ClassVar[Group]
    icon: ClassVar[str]
    about: ClassVar[str]
    works_on: ClassVar[Literal["maps", "flat", "any"]] = "any"

    kind: str

    @property
    def summary(self) -> str:
        """A few words that tell this layer from its neighbours, such as `MaxPool 2×2`."""
        return self.title

    def output_shape(self, shape: Shape) -> Shape:
        """The shape that comes out for an input of `shape`; raises LayerError where none can."""
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

    def windows(self) -> tuple[tuple[int, int], ...]:
        """`(kernel, stride)` of each sliding window inside, for the receptive field."""
        return ()

    def module(self, shape: Shape) -> nn.Module:
        """The torch module for an input of `shape` (which must be valid)."""
        raise NotImplementedError


def _slid(size: int, kernel: int, stride: int) -> int:
    """How many places a window of `kernel` finds on `size` pixels."""
    return (size - kernel) // stride + 1


class Conv2d(Layer):
    """Convolution: slides `filters` learned kernels over the maps, one output map per filter."""

    title: ClassVar[str] = "Conv2d"
    group: ClassVar[Group] = "Feature extraction"
    icon: ClassVar[str] = ":material/grid_on:"
    about: ClassVar[str] = (
        "Slides small learned filters over the image. Each finds one pattern wherever it stands: "
        "edges first, then corners, then whole parts of a digit."
    )
    works_on: ClassVar[Literal["maps", "flat", "any"]] = "maps"

    kind: Literal["conv2d"] = "conv2d"
    filters: int = Field(
        16, ge=1, le=256, title="Filters", description="How many patterns it looks for."
    )
    kernel_size: int = Field(
        3, ge=1, le=11, title="Kernel", description="Side of the square window, in pixels."
    )
    stride: int = Field(
        1, ge=1, le=4, title="Stride", description="Pixels the window moves at each step."
    )
    padding: Literal["same", "valid"] = Field(
        "same",
        title="Padding",
        description="same: zeros around the border keep the size; valid: no zeros, maps shrink.",
    )
    bias: bool = Field(True, title="Bias", description="A learned number added to every output.")

    @property
    def summary(self) -> str:
        """Filters and kernel."""
        return f"Conv {self.filters} × {self.kernel_size}×{self.kernel_size}"

    def _output_shape(self, shape: Shape) -> Shape:
        _, height, width = shape
        if self.padding == "same":
            if self.stride > 1 and self.kernel_size % 2 == 0:
                raise LayerError(
                    f"'same' padding with stride {self.stride} needs an odd kernel, "
                    f"and {self.kernel_size} is even.",
                    f"Use kernel {self.kernel_size + 1}, stride 1, or 'valid' padding.",
                )
            return (self.filters, -(-height // self.stride), -(-width // self.stride))
        if min(height, width) < self.kernel_size:
            raise LayerError(
                f"its {self.kernel_size}×{self.kernel_size} window is larger than its "
                f"{height}×{width} input.",
                f"Use a kernel of at most {min(height, width)}, 'same' padding, "
                "or pool less above.",
            )
        return (
            self.filters,
            _slid(height, self.kernel_size, self.stride),
            _slid(width, self.kernel_size, self.stride),
        )

    def parameters(self, shape: Shape) -> int:
        """One kernel per filter and input channel, and a bias per filter."""
        return self.filters * (shape[0] * self.kernel_size**2 + self.bias)

    def multiply_adds(self, shape: Shape) -> int:
        """Kernel size times input channels, for every output value."""
        return math.prod(self.output_shape(shape)) * shape[0] * self.kernel_size**2

    def windows(self) -> tuple[tuple[int, int], ...]:
        """The kernel."""
        return ((self.kernel_size, self.stride),)

    def module(self, shape: Shape) -> nn.Module:
        """`torch.nn.Conv2d`."""
        from torch import nn

        padding: Any = 0
        if self.padding == "same":  # torch's own 'same' knows no stride but does even kernels
            padding = "same" if self.stride == 1 else self.kernel_size // 2
        return nn.Conv2d(
            shape[0], self.filters, self.kernel_size, self.stride, padding, bias=self.bias
        )


class _Pool(Layer):
    """What the three poolings share: a window without weights."""

    group: ClassVar[Group] = "Down-sampling"
    icon: ClassVar[str] = ":material/compress:"
    works_on: ClassVar[Literal["maps", "flat", "any"]] = "maps"

    kernel_size: int = Field(
        2, ge=1, le=7, title="Window", description="Side of the square window, in pixels."
    )
    stride: int = Field(
        2, ge=1, le=7, title="Stride", description="Pixels the window moves at each step."
    )

    @property
    def summary(self) -> str:
        return f"{self.title.removesuffix('2d')} {self.kernel_size}×{self.kernel_size}"

    def _output_shape(self, shape: Shape) -> Shape:
        channels, height, width = shape
        if min(height, width) < self.kernel_size:
            left = "nothing is left to pool" if height == 1 else "the window does not fit"
            raise LayerError(
                f"its input is {height}×{width}, {left}.",
                "Remove it, or keep the maps larger above ('same' padding, fewer poolings).",
            )
        return (
            channels,
            _slid(height, self.kernel_size, self.stride),
            _slid(width, self.kernel_size, self.stride),
        )

    def windows(self) -> tuple[tuple[int, int], ...]:
        return ((self.kernel_size, self.stride),)


class MaxPool2d(_Pool):
    """Keeps the largest value of each window."""

    title: ClassVar[str] = "MaxPool2d"
    about: ClassVar[str] = "Keeps the strongest response of each window: was the pattern here?"
    kind: Literal["max_pool2d"] = "max_pool2d"

    def module(self, shape: Shape) -> nn.Module:
        """`torch.nn.MaxPool2d`."""
        from torch import nn

        return nn.MaxPool2d(self.kernel_size, self.stride)


class AvgPool2d(_Pool):
    """Keeps the mean of each window."""

    title: ClassVar[str] = "AvgPool2d"
    about: ClassVar[str] = "Keeps the mean of each window: how much of the pattern was here?"
    kind: Literal["avg_pool2d"] = "avg_pool2d"

    def module(self, shape: Shape) -> nn.Module:
        """`torch.nn.AvgPool2d`."""
        from torch import nn

        return nn.AvgPool2d(self.kernel_size, self.stride)


class SumPool2d(_Pool):
    """Keeps the sum of each window: average pooling times the window's area."""

    title: ClassVar[str] = "SumPool2d"
    about: ClassVar[str] = "Adds the values of each window: like the average, but not divided."
    kind: Literal["sum_pool2d"] = "sum_pool2d"

    def module(self, shape: Shape) -> nn.Module:
        """`cnn.modules.SumPool2d`."""
        from cnn.modules import SumPool2d as Module

        return Module(self.kernel_size, self.stride)


class BatchNorm2d(Layer):
    """Batch normalisation (Ioffe and Szegedy, 2015, arXiv:1502.03167)."""

    title: ClassVar[str] = "BatchNorm2d"
    group: ClassVar[Group] = "Regularisation"
    icon: ClassVar[str] = ":material/equalizer:"
    about: ClassVar[str] = (
        "Brings every map to mean 0 and spread 1 over the batch, then scales and shifts it by two "
        "learned numbers. Training becomes faster and less touchy about the learning rate."
    )
    works_on: ClassVar[Literal["maps", "flat", "any"]] = "maps"
    kind: Literal["batch_norm2d"] = "batch_norm2d"

    @property
    def summary(self) -> str:
        """The short name."""
        return "BatchNorm"

    def parameters(self, shape: Shape) -> int:
        """A scale and a shift per map."""
        return 2 * shape[0]

    def module(self, shape: Shape) -> nn.Module:
        """`torch.nn.BatchNorm2d`."""
        from torch import nn

        return nn.BatchNorm2d(shape[0])


ActivationName = Literal["relu", "leaky_relu", "gelu", "silu", "tanh", "sigmoid", "softmax"]
ACTIVATIONS: dict[str, str] = {
    "relu": "ReLU",
    "leaky_relu": "LeakyReLU",
    "gelu": "GELU",
    "silu": "SiLU",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "softmax": "softmax",
}


class Activation(Layer):
    """A non-linear function of every value (softmax: over the channels or features)."""

    title: ClassVar[str] = "Activation"
    group: ClassVar[Group] = "Non-linearity"
    icon: ClassVar[str] = ":material/show_chart:"
    about: ClassVar[str] = (
        "Bends the straight line between input and output. Without one, any stack of layers is "
        "no more than a single linear layer."
    )
    kind: Literal["activation"] = "activation"
    function: ActivationName = Field(
        "relu",
        title="Function",
        description="ReLU cuts off what is negative; tanh and sigmoid squash; softmax shares out.",
        json_schema_extra={"labels": {**ACTIVATIONS}},
    )

    @property
    def summary(self) -> str:
        """The function's name."""
        return ACTIVATIONS[self.function]

    def module(self, shape: Shape) -> nn.Module:
        """The torch module of that function."""
        from torch import nn

        return {
            "relu": nn.ReLU,
            "leaky_relu": nn.LeakyReLU,
            "gelu": nn.GELU,
            "silu": nn.SiLU,
            "tanh": nn.Tanh,
            "sigmoid": nn.Sigmoid,
            "softmax": lambda: nn.Softmax(dim=1),
        }[self.function]()


class Dropout(Layer):
    """Dropout (Srivastava and others, 2014, JMLR 15)."""

    title: ClassVar[str] = "Dropout"
    group: ClassVar[Group] = "Regularisation"
    icon: ClassVar[str] = ":material/blur_on:"
    about: ClassVar[str] = (
        "While training, sets a random share of the values to zero, so that no unit can rely on "
        "one other: a remedy against over-fitting. Does nothing when predicting."
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

    def module(self, shape: Shape) -> nn.Module:
        """`torch.nn.Dropout`."""
        from torch import nn

        return nn.Dropout(self.rate)


class Flatten(Layer):
    """Lays all maps out as one vector."""

    title: ClassVar[str] = "Flatten"
    group: ClassVar[Group] = "Classifier"
    icon: ClassVar[str] = ":material/reorder:"
    about: ClassVar[str] = "Lays all maps out as one long vector, for the Linear layers below."
    works_on: ClassVar[Literal["maps", "flat", "any"]] = "maps"
    kind: Literal["flatten"] = "flatten"

    def _output_shape(self, shape: Shape) -> Shape:
        return (math.prod(shape),)

    def module(self, shape: Shape) -> nn.Module:
        """`torch.nn.Flatten`."""
        from torch import nn

        return nn.Flatten()


class GlobalAvgPool(Layer):
    """The mean of each map (Lin and others, 2013, arXiv:1312.4400)."""

    title: ClassVar[str] = "GlobalAvgPool"
    group: ClassVar[Group] = "Classifier"
    icon: ClassVar[str] = ":material/filter_center_focus:"
    about: ClassVar[str] = (
        "One number per map, its mean: the classifier then needs few weights and does not care "
        "where in the image a pattern stood."
    )
    works_on: ClassVar[Literal["maps", "flat", "any"]] = "maps"
    kind: Literal["global_avg_pool"] = "global_avg_pool"

    def _output_shape(self, shape: Shape) -> Shape:
        return (shape[0],)

    def module(self, shape: Shape) -> nn.Module:
        """Adaptive average pooling to 1×1, then flattened."""
        from cnn.modules import GlobalAvgPool as Module

        return Module()


class Linear(Layer):
    """A fully connected layer."""

    title: ClassVar[str] = "Linear"
    group: ClassVar[Group] = "Classifier"
    icon: ClassVar[str] = ":material/hub:"
    about: ClassVar[str] = (
        "Fully connected: every output weighs every input. It combines the features that were "
        "found, and usually holds most of the parameters."
    )
    works_on: ClassVar[Literal["maps", "flat", "any"]] = "flat"
    kind: Literal["linear"] = "linear"
    units: int = Field(128, ge=1, le=1024, title="Units", description="How many outputs it has.")
    bias: bool = Field(True, title="Bias", description="A learned number added to every output.")

    @property
    def summary(self) -> str:
        """The units."""
        return f"Linear {self.units}"

    def _output_shape(self, shape: Shape) -> Shape:
        return (self.units,)

    def parameters(self, shape: Shape) -> int:
        """A weight per input and output, a bias per output."""
        return self.units * (shape[0] + self.bias)

    def multiply_adds(self, shape: Shape) -> int:
        """One per weight."""
        return self.units * shape[0]

    def module(self, shape: Shape) -> nn.Module:
        """`torch.nn.Linear`."""
        from torch import nn

        return nn.Linear(shape[0], self.units, bias=self.bias)


class ResidualBlock(Layer):
    """Two convolutions with a way around them (He and others, 2015, arXiv:1512.03385)."""

    title: ClassVar[str] = "ResidualBlock"
    group: ClassVar[Group] = "Feature extraction"
    icon: ClassVar[str] = ":material/alt_route:"
    about: ClassVar[str] = (
        "Conv, batch norm, ReLU, conv, batch norm, and the block's own input added to the result "
        "before a last ReLU. The way around lets gradients reach the first layers of deep networks."
    )
    works_on: ClassVar[Literal["maps", "flat", "any"]] = "maps"
    kind: Literal["residual_block"] = "residual_block"
    filters: int = Field(
        32, ge=1, le=256, title="Filters", description="Maps that both convolutions make."
    )
    kernel_size: Literal[3, 5, 7] = Field(
        3, title="Kernel", description="Side of both windows, in pixels."
    )
    stride: int = Field(
        1, ge=1, le=4, title="Stride", description="Of the first convolution: 2 halves the maps."
    )

    @property
    def summary(self) -> str:
        """Filters."""
        return f"Residual {self.filters}"

    def _projects(self, shape: Shape) -> bool:
        """Whether the way around needs a 1×1 convolution to fit the result's shape."""
        return self.stride > 1 or shape[0] != self.filters

    def _output_shape(self, shape: Shape) -> Shape:
        return (self.filters, -(-shape[1] // self.stride), -(-shape[2] // self.stride))

    def parameters(self, shape: Shape) -> int:
        """Two bias-free convolutions, their batch norms, and the 1×1 projection where needed."""
        area = self.kernel_size**2
        main = self.filters * area * (shape[0] + self.filters) + 4 * self.filters
        return main + (self.filters * (shape[0] + 2) if self._projects(shape) else 0)

    def multiply_adds(self, shape: Shape) -> int:
        """Of all its convolutions."""
        values = math.prod(self.output_shape(shape))
        per_value = self.kernel_size**2 * (shape[0] + self.filters)
        return values * (per_value + (shape[0] if self._projects(shape) else 0))

    def windows(self) -> tuple[tuple[int, int], ...]:
        """Both kernels."""
        return ((self.kernel_size, self.stride), (self.kernel_size, 1))

    def module(self, shape: Shape) -> nn.Module:
        """`cnn.modules.ResidualBlock`."""
        from cnn.modules import ResidualBlock as Module

        return Module(shape[0], self.filters, self.kernel_size, self.stride)


class Classifier(Layer):
    """The head: a Linear layer with one output per class, always the network's last layer."""

    title: ClassVar[str] = "Classifier"
    group: ClassVar[Group] = "Classifier"
    icon: ClassVar[str] = ":material/flag:"
    about: ClassVar[str] = (
        "A Linear layer with one output per class. Softmax turns the outputs into probabilities "
        "that add up to 1; the tutorial's network squashes each by its own sigmoid instead."
    )
    works_on: ClassVar[Literal["maps", "flat", "any"]] = "flat"
    kind: Literal["classifier"] = "classifier"
    classes: int = Field(10, ge=2, le=100, title="Classes", description="One output per class.")
    output: Literal["softmax", "sigmoid"] = Field(
        "softmax",
        title="Output",
        description="softmax is the usual choice; sigmoid is what the tutorial's network does.",
    )

    @property
    def summary(self) -> str:
        """Classes and output function."""
        return f"Linear {self.classes}, {self.output}"

    def _output_shape(self, shape: Shape) -> Shape:
        return (self.classes,)

    def parameters(self, shape: Shape) -> int:
        """A weight per input and class, a bias per class."""
        return self.classes * (shape[0] + 1)

    def multiply_adds(self, shape: Shape) -> int:
        """One per weight."""
        return self.classes * shape[0]

    def module(self, shape: Shape) -> nn.Module:
        """`cnn.modules.Classifier`."""
        from cnn.modules import Classifier as Module

        return Module(shape[0], self.classes, self.output)


# What a person may add, in the palette's order. The classifier is not among them: it is the
# network's last layer, always there, once.
HIDDEN_LAYERS: tuple[type[Layer], ...] = (
    Conv2d,
    ResidualBlock,
    MaxPool2d,
    AvgPool2d,
    SumPool2d,
    Activation,
    BatchNorm2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    Linear,
)

AnyLayer = Annotated[
    Conv2d
    | ResidualBlock
    | MaxPool2d
    | AvgPool2d
    | SumPool2d
    | Activation
    | BatchNorm2d
    | Dropout
    | Flatten
    | GlobalAvgPool
    | Linear,
    Field(discriminator="kind"),
]
