"""What a good teacher would say about an architecture: allowed all the same, and explained.

`advise` is a pure function of the architecture. Each rule is a generator over the rows that work;
adding one is writing one and naming it in RULES.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from cnn.network.architecture import Architecture, Row
from cnn.network.layers import (
    Activation,
    AvgPool2d,
    BatchNorm2d,
    Classifier,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    Layer,
    Linear,
    MaxPool2d,
    ResidualBlock,
    SumPool2d,
)

Severity = Literal["warning", "hint", "note"]
DIGIT = 20  # pixels: the longest side of an MNIST digit


@dataclass(frozen=True)
class Advice:
    """A remark on layer `number` (None: on the whole network).

    `warning`: it will hardly learn so; `hint`: there is a better way; `note`: good to know.
    """

    number: int | None
    text: str
    severity: Severity


Found = Iterator[Advice]


def advise(architecture: Architecture) -> list[Advice]:
    """All remarks, the gravest first, then in the order of the layers.

    Layers that are switched off, cannot work, or get no input are not spoken of.
    """
    rows = [row for row in architecture.table() if row.output_shape and not row.skipped]
    found = [item for rule in RULES for item in rule(rows)]
    order = {"warning": 0, "hint": 1, "note": 2}
    return sorted(found, key=lambda item: (order[item.severity], item.number or 0))


def _learns(layer: Layer) -> bool:
    """Whether it is a weighted sum: a convolution, a Linear layer, the classifier."""
    return isinstance(layer, Conv2d | Linear | Classifier)


def _its(rows: list[Row]) -> str:
    """`Its bias is`, or with others: `Its bias, like that of layers 4 and 7, is`."""
    others = [str(row.number) for row in rows[1:]]
    if not others:
        return "Its bias is"
    many = f"layers {', '.join(others[:-1])} and {others[-1]}" if len(others) > 1 else ""
    return f"Its bias, like that of {many or f'layer {others[0]}'}, is"


def _pairs(rows: list[Row]) -> Iterator[tuple[Row, Row]]:
    return itertools.pairwise(rows)


def pooling_first(rows: list[Row]) -> Found:
    """Pooling before any filter."""
    for row in rows:
        if isinstance(row.layer, Conv2d | ResidualBlock | Linear | Classifier):
            return
        if isinstance(row.layer, MaxPool2d | AvgPool2d | SumPool2d):
            assert row.input_shape and row.output_shape
            before, after = row.input_shape[1] * row.input_shape[2], row.output_shape[1]
            lost = 1 - after * row.output_shape[2] / before
            if lost > 0:
                yield Advice(
                    row.number,
                    f"This pooling throws away {lost:.0%} of the pixels before any filter has "
                    "seen a neighbourhood. Let a convolution look first.",
                    "hint",
                )
            return


def heavy_linear(rows: list[Row]) -> Found:
    """One fully connected layer that holds nearly everything."""
    if not any(isinstance(row.layer, Conv2d | ResidualBlock | Linear) for row in rows):
        return
    for row in rows:
        heavy = row.parameter_share > 0.8 and row.parameters > 20_000
        if heavy and isinstance(row.layer, Linear | Classifier):
            assert row.input_shape and row.output_shape
            yield Advice(
                row.number,
                f"{row.parameter_share:.0%} of the parameters sit in this layer: each of its "
                f"{row.output_shape[0]} outputs weighs all {row.input_shape[0]:,} inputs. Another "
                "pooling above it, or GlobalAvgPool in place of Flatten, makes it small.",
                "hint",
            )


def softmax_inside(rows: list[Row]) -> Found:
    """A softmax where none belongs: the loss has its own."""
    for row, after in _pairs(rows):
        if not (isinstance(row.layer, Activation) and row.layer.function == "softmax"):
            continue
        if isinstance(after.layer, Classifier):
            text = (
                "Softmax right before the classifier: the loss already has one at the end. This "
                "one squeezes what the classifier gets to see to numbers that add up to 1."
            )
        else:
            text = (
                "Softmax between layers makes values compete: they add up to 1, so most become "
                "tiny, and gradients with them. ReLU is the usual choice here."
            )
        yield Advice(row.number, text, "hint")


def sigmoid_head(rows: list[Row]) -> Found:
    """What the tutorial's network does."""
    for row in rows:
        if isinstance(row.layer, Classifier) and row.layer.output == "sigmoid":
            yield Advice(
                row.number,
                "A sigmoid for each class, as in the tutorial: allowed. The loss, cross-entropy, "
                "already has the softmax that makes probabilities of plain scores, so this "
                "squashes twice: learning is slower and the probabilities are less sure.",
                "note",
            )


def linear_upon_linear(rows: list[Row]) -> Found:
    """Two weighted sums with nothing bent between them."""
    previous: Row | None = None
    for row in rows:
        if isinstance(row.layer, Activation | ResidualBlock | MaxPool2d):
            previous = None
        elif _learns(row.layer):
            if previous is not None:
                yield Advice(
                    row.number,
                    f"Nothing bends the line between layers {previous.number} and {row.number}: "
                    "two weighted sums in a row can do no more than one. Put an activation "
                    "between them.",
                    "hint",
                )
            previous = row


def twice_the_same(rows: list[Row]) -> Found:
    """An activation upon an activation, a batch norm upon a batch norm."""
    for row, after in _pairs(rows):
        if isinstance(row.layer, Activation) and isinstance(after.layer, Activation):
            same = row.layer.function == after.layer.function == "relu"
            text = "ReLU after ReLU changes nothing." if same else (
                f"Two activations in a row ({row.layer.summary}, {after.layer.summary}): one is "
                "the usual number."
            )  # fmt: skip
            yield Advice(after.number, text, "hint")
        if isinstance(row.layer, BatchNorm2d) and isinstance(after.layer, BatchNorm2d):
            yield Advice(after.number, "Batch norm after batch norm changes nothing.", "hint")


def batch_norm_place(rows: list[Row]) -> Found:
    """Batch norm after the activation, and a bias that batch norm takes away again."""
    wasted = [
        row for row, after in _pairs(rows)
        if isinstance(after.layer, BatchNorm2d) and getattr(row.layer, "bias", False)
    ]  # fmt: skip
    if wasted:
        saved = sum(row.output_shape[0] for row in wasted if row.output_shape)
        yield Advice(
            wasted[0].number,
            f"{_its(wasted)} wasted: the batch norm below subtracts the mean, and the bias with "
            f"it. Switching it off saves {saved} parameters.",
            "note",
        )
    for row, after in _pairs(rows):
        if not isinstance(after.layer, BatchNorm2d):
            continue
        if isinstance(row.layer, Activation):
            yield Advice(
                after.number,
                "Batch norm after the activation: it was made for the sums before it. Both are "
                "used; before is the usual order.",
                "note",
            )
        if isinstance(row.layer, Dropout):
            yield Advice(
                after.number,
                "Dropout right above batch norm: the norm learns the spread of thinned-out maps "
                "and meets whole ones when predicting. Put dropout below it.",
                "hint",
            )


def dropout_place(rows: list[Row]) -> Found:
    """Dropout on maps, and too much of it."""
    said = False
    for index, row in enumerate(rows):
        if not isinstance(row.layer, Dropout) or row.layer.rate == 0:
            continue
        if row.layer.rate > 0.6:
            yield Advice(
                row.number,
                f"It silences {row.layer.rate:.0%} of the values at every step: the network may "
                "not learn enough to over-fit. 0.2 to 0.5 is usual.",
                "hint",
            )
        maps = len(row.output_shape or ()) == 3
        before_filters = any(isinstance(r.layer, Conv2d | ResidualBlock) for r in rows[index:])
        if maps and before_filters and not said:
            said = True
            yield Advice(
                row.number,
                "Dropout between convolutions does little: the neighbours of a dropped pixel say "
                "nearly the same. It works best on flat vectors, before Linear layers.",
                "note",
            )


def skipped_pixels(rows: list[Row]) -> Found:
    """Strides longer than their windows."""
    for row in rows:
        windows = row.layer.windows()
        if isinstance(row.layer, ResidualBlock) or not windows:
            continue
        kernel, stride = windows[0]
        if stride > kernel:
            yield Advice(
                row.number,
                f"It steps {stride} pixels at a time but looks at {kernel}: of every {stride} "
                f"rows and columns, {stride - kernel} are never seen.",
                "hint",
            )


def short_sight(rows: list[Row]) -> Found:
    """Maps whose values see less than a digit when they are averaged or flattened."""
    for row in rows:
        if not isinstance(row.layer, Flatten | GlobalAvgPool):
            continue
        above = next((r for r in reversed(rows) if r.number < row.number), None)
        seen = above.receptive_field if above else 1
        learned = any(isinstance(r.layer, Conv2d | ResidualBlock) for r in rows)
        if not learned or seen >= DIGIT:
            continue
        if isinstance(row.layer, GlobalAvgPool):
            text = (
                f"Each value averaged here sees {seen}×{seen} pixels, and a digit is {DIGIT} "
                "high: no filter ever sees a whole one. Pool, or add convolutions, above."
            )
            yield Advice(row.number, text, "hint")
        else:
            text = (
                f"Each value sees {seen}×{seen} pixels, less than a digit ({DIGIT}): the parts "
                "are found here, and the fully connected layers must put them together."
            )
            yield Advice(row.number, text, "note")


def narrow_passage(rows: list[Row]) -> Found:
    """Fewer numbers than classes."""
    classes = next((r.layer.classes for r in rows if isinstance(r.layer, Classifier)), 10)
    for row in rows:
        flat = row.output_shape is not None and len(row.output_shape) == 1
        if flat and isinstance(row.layer, Linear | GlobalAvgPool):
            assert row.output_shape
            width = row.output_shape[0]
            if width < classes:
                yield Advice(
                    row.number,
                    f"Only {width} number{'s' if width > 1 else ''} pass here, for {classes} "
                    "classes to be told apart by: a bottleneck.",
                    "warning" if width < 4 else "hint",
                )


def no_hidden_layer(rows: list[Row]) -> Found:
    """A single weighted sum."""
    if not any(isinstance(row.layer, Conv2d | ResidualBlock | Linear) for row in rows):
        yield Advice(
            None,
            "One weighted sum per class, nothing else: it holds a template of every digit against "
            "the image. On MNIST such a network ends near 92.5 %.",
            "note",
        )


def bad_start(rows: list[Row]) -> Found:
    """First weights that keep a layer from learning."""
    for row in rows:
        init = getattr(row.layer, "init", None)
        if init == "zeros":
            yield Advice(
                row.number,
                "All its weights begin at zero: every unit gets the same gradient, or none, and "
                "they never become different.",
                "warning",
            )
        if init == "wide":
            yield Advice(
                row.number,
                "Its weights begin far too wide: the signal explodes, and the first steps are "
                "spent on getting small again. Try it before training, below.",
                "warning",
            )


def saturation(rows: list[Row]) -> Found:
    """Deep stacks of squashing functions, or of many layers without a way for gradients."""
    squashing = [
        row for row in rows
        if isinstance(row.layer, Activation) and row.layer.function in ("sigmoid", "tanh")
    ]  # fmt: skip
    sigmoids = [r for r in squashing if getattr(r.layer, "function", "") == "sigmoid"]
    eased = any(isinstance(row.layer, BatchNorm2d | ResidualBlock) for row in rows)
    if len(sigmoids) >= 2 and not eased:
        yield Advice(
            sigmoids[0].number,
            f"{len(sigmoids)} sigmoids one after the other: each passes on at most a quarter of "
            "the gradient, so the first layers hardly learn. ReLU, or batch norm between, helps.",
            "hint",
        )
    convolutions = sum(isinstance(row.layer, Conv2d) for row in rows)
    if convolutions >= 8 and not eased:
        yield Advice(
            None,
            f"{convolutions} convolutions without batch norm or residual blocks: gradients fade "
            "on so long a way. Add BatchNorm below the convolutions.",
            "hint",
        )


def even_kernel(rows: list[Row]) -> Found:
    """Even windows have no middle."""
    for row in rows:
        layer = row.layer
        if isinstance(layer, Conv2d) and layer.padding == "same" and layer.kernel_size % 2 == 0:
            yield Advice(
                row.number,
                f"A {layer.kernel_size}×{layer.kernel_size} window has no middle pixel, so its "
                "maps are shifted by half a pixel. Odd kernels are usual.",
                "note",
            )


RULES: tuple[Callable[[list[Row]], Found], ...] = (
    pooling_first,
    heavy_linear,
    softmax_inside,
    sigmoid_head,
    linear_upon_linear,
    twice_the_same,
    batch_norm_place,
    dropout_place,
    skipped_pixels,
    short_sight,
    narrow_passage,
    no_hidden_layer,
    bad_start,
    saturation,
    even_kernel,
)
