"""One batch through an untrained network: is it scaled so that it can begin to learn?

Shapes as torch reports them, the mean and spread of every layer's output, the share of units that
stay silent, and the gradient that one loss sends back to every layer's weights. The idea of
looking at these before training is Glorot and Bengio's (2010, AISTATS 9).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnn.network import Architecture
from cnn.network.layers import Activation, Layer, ResidualBlock, Shape

if TYPE_CHECKING:
    from torch import Tensor

BATCH = 128  # images
FADED, LOUD = 0.02, 30.0  # of the input's signal
WEAK, STRONG = 1e-3, 1e3  # first layer's gradient over the last's


@dataclass(frozen=True)
class LayerStart:
    """One layer before training.

    `mean` and `std` are of all its outputs over the batch. `signal` is what of that spread tells
    images apart: the root of its units' mean variance from image to image. `dead` is the share of
    its maps (or units) that are zero for every image, None where that says nothing (layers that
    do not cut off). `gradient` is the Euclidean norm of the loss's gradient in all its weights,
    None where it has none.
    """

    number: int
    layer: Layer
    shape: Shape
    mean: float
    std: float
    signal: float
    dead: float | None
    gradient: float | None


@dataclass(frozen=True)
class Start:
    """All layers, the input's signal, and the loss of the untrained network (nats)."""

    layers: tuple[LayerStart, ...]
    input_signal: float
    loss: float
    classes: int


def try_out(architecture: Architecture, x: Tensor, labels: Tensor, seed: int = 0) -> Start:
    """Build the network from `seed` and send one batch through it and back.

    `x` float32 `(N, 1, 28, 28)`, normalised, N at least 2; `labels` int64 `(N,)`. Runs in
    training mode, as the first step would: batch norm uses the batch, dropout drops. Torch's
    global random state is left as it was. Raises ArchitectureError for a network that cannot work.
    """
    import torch
    from torch.nn import functional

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = architecture.build().train()
        outputs, y = [], x
        for module in model:
            y = module(y)
            outputs.append(y)
        loss = functional.cross_entropy(y, labels)
        loss.backward()
    found = []
    rows = architecture.table()
    for row, module, out in zip(rows, model, outputs, strict=True):
        if row.skipped:
            continue
        grads = [p.grad for p in module.parameters() if p.grad is not None]
        norm = math.sqrt(sum(float(g.double().square().sum()) for g in grads))
        values = out.detach()
        dead = None
        if isinstance(row.layer, Activation | ResidualBlock):
            dead = float((values.transpose(0, 1).flatten(1) == 0).all(dim=1).float().mean())
        found.append(
            LayerStart(
                row.number, row.layer, tuple(values.shape[1:]), float(values.mean()),
                float(values.std()), signal_of(values), dead, norm if grads else None,
            )
        )  # fmt: skip
    return Start(tuple(found), signal_of(x), float(loss.detach()), architecture.head.classes)


def signal_of(values: Tensor) -> float:
    """How much of `(N, ...)` differs from image to image: a bias, the same for all, is none."""
    return float(values.var(dim=0).mean().sqrt())


def sample_batch(dataset: str, normalisation: str, count: int = BATCH) -> tuple[Tensor, Tensor]:
    """The first training images of a data set, prepared as a run would, and their labels.

    Raises DataError where the data set is not on disk.
    """
    from cnn import datasets

    images = datasets.load(dataset)
    prepare = datasets.preprocessing_for(dataset, normalisation)
    return prepare(images.train_images[:count]), images.train_labels[:count].long()


def verdict(start: Start) -> list[tuple[bool, str]]:
    """What the figures mean, in words: `(is it well, sentence)`, the worst first."""
    found = [*_signal(start), *_gradients(start.layers), *_silence(start.layers), _loss(start)]
    return sorted(found, key=lambda item: item[0])


def _signal(start: Start) -> list[tuple[bool, str]]:
    """Whether the signal keeps its size on the way through."""
    if not all(math.isfinite(item.signal) for item in start.layers):
        return [(False, "Some outputs are not even numbers: the signal explodes.")]
    faded = next((i for i in start.layers if i.signal < FADED * start.input_signal), None)
    loud = next((i for i in start.layers if i.signal > LOUD * start.input_signal), None)
    words = []
    if faded:
        words.append(
            (False, f"The signal fades: after layer {faded.number} ({faded.layer.summary}) "
             f"images differ by {faded.signal:.2g}, against {start.input_signal:.2g} at the "
             "input: they look all alike from there on. Batch norm, or Kaiming first weights, keep "
             "it up.")
        )  # fmt: skip
    if loud:
        words.append(
            (False, f"The signal explodes: after layer {loud.number} ({loud.layer.summary}) "
             f"images differ by {loud.signal:.2g}, against {start.input_signal:.2g} at the input. "
             "The first weights are too wide.")
        )  # fmt: skip
    return words or [(True, "The signal keeps its size from the input to the last layer.")]


def _gradients(layers: Sequence[LayerStart]) -> list[tuple[bool, str]]:
    """Whether the first layers hear as much of the loss as the last."""
    learned = [item for item in layers if item.gradient is not None]
    if len(learned) < 2:
        return []
    silent = [item for item in learned if item.gradient == 0]
    if silent:
        names = ", ".join(str(item.number) for item in silent)
        return [(False, f"No gradient reaches layer {names}: it cannot learn from this start.")]
    first, last = learned[0], learned[-1]
    assert first.gradient and last.gradient
    ratio = first.gradient / last.gradient
    if ratio < WEAK:
        return [
            (False, f"Gradients vanish: layer {first.number} gets {ratio:.1g} of what layer "
             f"{last.number} gets, and will hardly learn.")
        ]  # fmt: skip
    if ratio > STRONG:
        return [
            (False, f"Gradients explode on their way back: layer {first.number} gets "
             f"{ratio:,.0f} times what layer {last.number} gets.")
        ]  # fmt: skip
    return [(True, "Gradients reach the first layer in good strength.")]


def _silence(layers: Sequence[LayerStart]) -> list[tuple[bool, str]]:
    """Whether many units say nothing to any image."""
    dead = [item for item in layers if item.dead is not None and item.dead > 0.4]
    return [
        (False, f"{item.dead:.0%} of layer {item.number} ({item.layer.summary}) is silent for "
         "every image of the batch: dead before it began.")
        for item in dead
    ]  # fmt: skip


def _loss(start: Start) -> tuple[bool, str]:
    """Whether the untrained network is undecided, as it should be."""
    even = math.log(start.classes)
    if not start.loss < 2 * even:
        return False, (
            f"Its first loss is {start.loss:.3g}; guessing would cost {even:.2f}. It begins sure "
            "of itself and wrong."
        )
    return True, f"Its first loss is {start.loss:.2f}; guessing evenly costs {even:.2f}."
