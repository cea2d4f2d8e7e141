"""One batch through an untrained network: is it scaled so that it can begin to learn?

Shapes as torch reports them, the mean and standard deviation of every layer's output, the share of
dead units, and the gradient of the loss in every layer's weights. The idea of looking at these
before training is Glorot and Bengio's (2010, AISTATS 9).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from cnn import datasets
from cnn.common.random_state import OwnRandomState
from cnn.common.text import percent
from cnn.network import Architecture
from cnn.network.layers import Activation, Layer, ResidualBlock, Shape

BATCH = 128  # images
VANISHED_SIGNAL, EXPLODED_SIGNAL = 0.02, 30.0  # a layer's signal over the input's
VANISHED_GRADIENT, EXPLODED_GRADIENT = 1e-3, 1e3  # the first layer's gradient over the last's
MANY_DEAD = 0.4  # of a layer's maps or units
Finding = tuple[bool, str]  # whether it is as it should be, and a sentence about it


@dataclass(frozen=True)
class LayerCheck:
    """One layer before training.

    `mean` and `std` are of all its outputs over the batch. `signal` is how much of that tells
    images apart: the root of its units' mean variance from image to image. `dead` is the share of
    its maps (or units) that are zero for every image, None for layers that do not clip at zero.
    `gradient` is the Euclidean norm of the loss's gradient in all its weights, None without any.
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
class InitialisationCheck:
    """All layers, the input's signal, and the loss of the untrained network (nats)."""

    layers: tuple[LayerCheck, ...]
    input_signal: float
    loss: float
    classes: int


def check_initialisation(
    architecture: Architecture, x: Tensor, labels: Tensor, seed: int = 0
) -> InitialisationCheck:
    """Build the network from `seed`, and send one batch forward and its loss's gradient back.

    `x` float32 `(N, 1, 28, 28)`, normalised, N at least 2; `labels` int64 `(N,)`. Runs in
    training mode, as the first step would: batch norm uses the batch, dropout drops. Torch's
    global random state plays no part. Raises ArchitectureError for a network that cannot work.
    """
    with OwnRandomState(seed):
        model = architecture.build().train()
        outputs, y = [], x
        for module in model:
            y = module(y)
            outputs.append(y)
        loss = F.cross_entropy(y, labels)
        loss.backward()
    layers = []
    for row, module, output in zip(architecture.table(), model, outputs, strict=True):
        if row.skipped:
            continue
        values = output.detach()
        layers.append(
            LayerCheck(
                number=row.number,
                layer=row.layer,
                shape=tuple(values.shape[1:]),
                mean=float(values.mean()),
                std=float(values.std()),
                signal=signal_of(values),
                dead=_dead_share(values) if _clips(row.layer) else None,
                gradient=_gradient_norm(module),
            )
        )
    classes = architecture.head.classes
    return InitialisationCheck(tuple(layers), signal_of(x), float(loss.detach()), classes)


def _clips(layer: Layer) -> bool:
    return isinstance(layer, Activation | ResidualBlock)


def _dead_share(values: Tensor) -> float:
    """The share of the maps or units of `(N, C, ...)` that are zero for every image."""
    return float((values.transpose(0, 1).flatten(1) == 0).all(dim=1).float().mean())


def _gradient_norm(module: torch.nn.Module) -> float | None:
    gradients = [p.grad for p in module.parameters() if p.grad is not None]
    if not gradients:
        return None
    return math.sqrt(sum(float(g.double().square().sum()) for g in gradients))


def signal_of(values: Tensor) -> float:
    """How much of `(N, ...)` differs from image to image: a bias, the same for all, is none."""
    return float(values.var(dim=0).mean().sqrt())


def sample_batch(dataset: str, normalisation: str, count: int = BATCH) -> tuple[Tensor, Tensor]:
    """The first training images of a data set, prepared as a run would, and their labels.

    Raises DataError where the data set is not on disk.
    """
    images = datasets.load(dataset)
    prepare = datasets.preprocessing_for(dataset, normalisation)
    return prepare(images.train_images[:count]), images.train_labels[:count].long()


def findings(check: InitialisationCheck) -> list[Finding]:
    """What the figures mean: `(whether it is as it should be, sentence)`, the problems first."""
    found = [
        *_signal_findings(check),
        *_gradient_findings(check.layers),
        *_dead_findings(check.layers),
        _loss_finding(check),
    ]
    return sorted(found, key=lambda finding: finding[0])


def _signal_findings(check: InitialisationCheck) -> list[Finding]:
    """Whether the signal keeps its size from layer to layer."""
    layers, size = check.layers, check.input_signal
    if not all(math.isfinite(layer.signal) for layer in layers):
        return [(False, "Some outputs are not finite numbers: the signal explodes.")]
    weak = next((layer for layer in layers if layer.signal < VANISHED_SIGNAL * size), None)
    strong = next((layer for layer in layers if layer.signal > EXPLODED_SIGNAL * size), None)

    def differ(layer: LayerCheck) -> str:
        return (
            f"after layer {layer.number} ({layer.layer.summary}) images differ by "
            f"{layer.signal:.2g}, against {size:.2g} at the input"
        )

    found = []
    if weak:
        advice = "Batch norm or Kaiming initialisation prevents it."
        found.append(f"The signal fades: {differ(weak)}, and so look all alike. {advice}")
    if strong:
        advice = "The weight initialisation is too wide."
        found.append(f"The signal explodes: {differ(strong)}. {advice}")
    if not found:
        return [(True, "The signal keeps its size from the input to the last layer.")]
    return [(False, sentence) for sentence in found]


def _gradient_findings(layers: Sequence[LayerCheck]) -> list[Finding]:
    """Whether the first layer's gradient is about as large as the last's."""
    learned = [(layer.number, layer.gradient) for layer in layers if layer.gradient is not None]
    if len(learned) < 2:
        return []
    if without := ", ".join(str(number) for number, gradient in learned if gradient == 0):
        return [(False, f"No gradient reaches layer {without}: it cannot learn from this start.")]
    (first, gradient), (last, reference) = learned[0], learned[-1]
    ratio = gradient / reference
    if ratio < VANISHED_GRADIENT:
        compared = f"layer {first} gets {ratio:.1g} of what layer {last} gets"
        return [(False, f"Gradients vanish: {compared}, and will hardly learn.")]
    if ratio > EXPLODED_GRADIENT:
        compared = f"layer {first} gets {ratio:,.0f} times what layer {last} gets"
        return [(False, f"Gradients explode on their way back: {compared}.")]
    return [(True, "The gradient in the first layer is about as large as in the last.")]


def _dead_findings(layers: Sequence[LayerCheck]) -> list[Finding]:
    """The layers of which many units are zero for every image."""
    return [
        (
            False,
            f"{percent(layer.dead, 0)} of layer {layer.number} ({layer.layer.summary}) is zero for "
            "every image of the batch: dead before training begins.",
        )
        for layer in layers
        if layer.dead is not None and layer.dead > MANY_DEAD
    ]


def _loss_finding(check: InitialisationCheck) -> Finding:
    """Whether the untrained network's loss is about that of guessing."""
    even = math.log(check.classes)
    if not check.loss < 2 * even:
        return False, (
            f"Its first loss is {check.loss:.3g}; guessing would cost {even:.2f}. It starts "
            "confident and wrong."
        )
    return True, f"Its first loss is {check.loss:.2f}; guessing evenly costs {even:.2f}."
