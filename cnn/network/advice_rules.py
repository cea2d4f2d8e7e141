"""The rules behind `advise`: each yields a remark for every layer that it finds fault with.

To add one, write a generator over the rows of the layers that work, and name it in RULES.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Literal

from cnn.common.text import percent, plural
from cnn.network.architecture import Row
from cnn.network.layers import (
    Activation,
    AvgPool2d,
    BatchNorm2d,
    Classifier,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    Linear,
    MaxPool2d,
    ResidualBlock,
    SumPool2d,
)

Severity = Literal["warning", "hint", "note"]
Rows = list[Row]
Remarks = Iterator[tuple[Severity, Row | None, str]]  # None: about the whole network

DIGIT = 20  # pixels: the longest side of an MNIST digit
LEARNS_FILTERS = (Conv2d, ResidualBlock)
HIDDEN = (*LEARNS_FILTERS, Linear)
BAD_INITS = {
    "zeros": "All its weights begin at zero: every unit gets the same gradient, or none, and they "
    "never become different.",
    "wide": "Its weights begin far too wide: the signal explodes, and the first steps are spent on "
    "getting small again. Try it before training, below.",
}


def _has(rows: Rows, *kinds: type) -> bool:
    return any(isinstance(row.layer, kinds) for row in rows)


def pooling_first(rows: Rows) -> Remarks:
    """Pooling before any filter."""
    for row in rows:
        if isinstance(row.layer, (*HIDDEN, Classifier)):
            return
        if isinstance(row.layer, MaxPool2d | AvgPool2d | SumPool2d):
            assert row.input_shape and row.output_shape
            _, height, width = row.input_shape
            lost = 1 - row.output_shape[1] * row.output_shape[2] / (height * width)
            if lost > 0:
                text = (
                    f"This pooling throws away {percent(lost, 0)} of the pixels before any filter "
                    "has seen a neighbourhood. Put a convolution first."
                )
                yield "hint", row, text
            return


def heavy_linear(rows: Rows) -> Remarks:
    """One fully connected layer that holds nearly all parameters."""
    for row in rows if _has(rows, *HIDDEN) else []:
        heavy = row.parameter_share > 0.8 and row.parameters > 20_000
        if heavy and isinstance(row.layer, Linear | Classifier):
            assert row.input_shape and row.output_shape
            text = (
                f"{percent(row.parameter_share, 0)} of the parameters sit in this layer: each of "
                f"its {row.output_shape[0]} outputs weighs all {row.input_shape[0]:,} inputs. "
                "Another pooling above it, or GlobalAvgPool in place of Flatten, makes it small."
            )
            yield "hint", row, text


def softmax_inside(rows: Rows) -> Remarks:
    """A softmax where none belongs: the loss has its own."""
    for row, below in itertools.pairwise(rows):
        if not (isinstance(row.layer, Activation) and row.layer.function == "softmax"):
            continue
        if isinstance(below.layer, Classifier):
            text = (
                "Softmax right before the classifier: the loss already has one at the end. This "
                "one turns the classifier's inputs into numbers that add up to 1."
            )
        else:
            text = (
                "Softmax between layers makes values compete: they add up to 1, so most become "
                "tiny, and gradients with them. ReLU is the usual choice here."
            )
        yield "hint", row, text


def linear_after_linear(rows: Rows) -> Remarks:
    """Two weighted sums without a non-linearity between them."""
    previous: Row | None = None
    for row in rows:
        if isinstance(row.layer, Activation | ResidualBlock | MaxPool2d):
            previous = None
        elif isinstance(row.layer, Conv2d | Linear | Classifier):
            if previous is not None:
                text = (
                    f"There is no non-linearity between layers {previous.number} and "
                    f"{row.number}: two weighted sums in a row can do no more than one. Put an "
                    "activation between them."
                )
                yield "hint", row, text
            previous = row


def neighbours(rows: Rows) -> Remarks:
    """Two layers of one kind in a row, and batch norm after an activation or after dropout."""
    for above, row in itertools.pairwise(rows):
        match above.layer, row.layer:
            case Activation(function="relu"), Activation(function="relu"):
                yield "hint", row, "ReLU after ReLU changes nothing."
            case Activation(summary=one), Activation(summary=other):
                yield "hint", row, f"Two activations in a row ({one}, {other}): one is usual."
            case BatchNorm2d(), BatchNorm2d():
                yield "hint", row, "Batch norm after batch norm changes nothing."
            case Activation(), BatchNorm2d():
                text = (
                    "Batch norm after the activation: it was made for the sums before it. Both "
                    "are used; before is the usual order."
                )
                yield "note", row, text
            case Dropout(), BatchNorm2d():
                text = (
                    "Dropout right above batch norm: the norm learns the mean and variance of maps "
                    "with zeros in them, but predicts on maps without. Put dropout below it."
                )
                yield "hint", row, text


def wasted_bias(rows: Rows) -> Remarks:
    """A bias that the batch norm below subtracts: one remark for all layers that have one."""
    wasted = [
        row
        for row, below in itertools.pairwise(rows)
        if isinstance(below.layer, BatchNorm2d) and getattr(row.layer, "bias", False)
    ]
    if not wasted:
        return
    *others, last = [str(row.number) for row in wasted]
    also = ""
    if others:
        numbers = f"layers {', '.join(others[1:])} and {last}" if others[1:] else f"layer {last}"
        also = f", like that of {numbers},"
    saved = sum(row.output_shape[0] for row in wasted if row.output_shape)
    text = (
        f"Its bias{also} is wasted: the batch norm below subtracts the mean, and the bias with "
        f"it. Switching it off saves {saved} parameters."
    )
    yield "note", wasted[0], text


def dropout_on_maps(rows: Rows) -> Remarks:
    """Dropout between convolutions: one remark, at the first."""
    for index, row in enumerate(rows):
        if not isinstance(row.layer, Dropout) or row.layer.rate == 0:
            continue
        if len(row.output_shape or ()) == 3 and _has(rows[index:], *LEARNS_FILTERS):
            text = (
                "Dropout between convolutions does little: the neighbours of a dropped pixel hold "
                "nearly the same. It works best on flat vectors, before Linear layers."
            )
            yield "note", row, text
            return


def stride_beyond_window(rows: Rows) -> Remarks:
    """Pixels that no window covers."""
    for row in rows:
        windows = row.layer.windows()
        if len(windows) == 1 and windows[0].stride > windows[0].size:
            size, stride, _ = windows[0]
            text = (
                f"It steps {stride} pixels at a time but looks at {size}: of every {stride} rows "
                f"and columns, {stride - size} are never seen."
            )
            yield "hint", row, text


def small_receptive_field(rows: Rows) -> Remarks:
    """Maps whose values see less than a digit when they are averaged or flattened."""
    if not _has(rows, *LEARNS_FILTERS):
        return
    for index, row in enumerate(rows):
        seen = rows[index - 1].receptive_field if index else 1
        if seen >= DIGIT:
            continue
        if isinstance(row.layer, GlobalAvgPool):
            text = (
                f"Each value averaged here sees {seen}×{seen} pixels, and a digit is {DIGIT} "
                "high: no filter ever sees a whole one. Pool, or add convolutions, above."
            )
            yield "hint", row, text
        elif isinstance(row.layer, Flatten):
            text = (
                f"Each value sees {seen}×{seen} pixels, less than a digit ({DIGIT}): the parts "
                "are found here, and the fully connected layers must put them together."
            )
            yield "note", row, text


def bottleneck(rows: Rows) -> Remarks:
    """A vector with fewer numbers than there are classes."""
    classes = next((r.layer.classes for r in rows if isinstance(r.layer, Classifier)), 10)
    for row in rows:
        flat = row.output_shape is not None and len(row.output_shape) == 1
        if flat and isinstance(row.layer, Linear | GlobalAvgPool):
            assert row.output_shape
            (width,) = row.output_shape
            if width < classes:
                text = (
                    f"Only {plural(width, 'number')} pass here, for {classes} "
                    "classes to be distinguished by: a bottleneck."
                )
                yield "warning" if width < 4 else "hint", row, text


def no_hidden_layer(rows: Rows) -> Remarks:
    """A single weighted sum."""
    if not _has(rows, *HIDDEN):
        text = (
            "One weighted sum per class, nothing else: it compares the image with one template per "
            "digit. On MNIST such a network ends near 92.5%."
        )
        yield "note", None, text


def vanishing_gradients(rows: Rows) -> Remarks:
    """Several sigmoids, or many convolutions, without batch norm or shortcut connections."""
    if _has(rows, BatchNorm2d, ResidualBlock):
        return
    sigmoids = [
        row for row in rows if isinstance(row.layer, Activation) and row.layer.function == "sigmoid"
    ]
    if len(sigmoids) >= 2:
        text = (
            f"{len(sigmoids)} sigmoids one after the other: each passes on at most a quarter of "
            "the gradient, so the first layers hardly learn. ReLU, or batch norm between, helps."
        )
        yield "hint", sigmoids[0], text
    convolutions = sum(isinstance(row.layer, Conv2d) for row in rows)
    if convolutions >= 8:
        text = (
            f"{convolutions} convolutions without batch norm or residual blocks: gradients vanish "
            "over so many layers. Add BatchNorm below the convolutions."
        )
        yield "hint", None, text


def unusual_values(rows: Rows) -> Remarks:
    """Values of a layer's own fields that are allowed but seldom wanted."""
    for row in rows:
        match row.layer:
            case Classifier(output="sigmoid"):
                text = (
                    "A sigmoid for each class, as in the tutorial: allowed. The loss, "
                    "cross-entropy, already applies a softmax to make probabilities; with a "
                    "sigmoid before it learning is slower and they are less confident."
                )
                yield "note", row, text
            case Dropout(rate=rate) if rate > 0.6:
                text = (
                    f"It sets {percent(rate, 0)} of the values to zero at every step: the network "
                    "may not learn enough to over-fit. 0.2 to 0.5 is usual."
                )
                yield "hint", row, text
            case Conv2d(padding="same", kernel_size=side) if side % 2 == 0:
                text = (
                    f"A {side}×{side} window has no middle pixel, so its maps are shifted by half "
                    "a pixel. Odd kernels are usual."
                )
                yield "note", row, text
        if text := BAD_INITS.get(getattr(row.layer, "init", ""), ""):
            yield "warning", row, text


RULES: tuple[Callable[[Rows], Remarks], ...] = (
    pooling_first,
    heavy_linear,
    softmax_inside,
    linear_after_linear,
    neighbours,
    wasted_bias,
    dropout_on_maps,
    stride_beyond_window,
    small_receptive_field,
    bottleneck,
    no_hidden_layer,
    vanishing_gradients,
    unusual_values,
)
