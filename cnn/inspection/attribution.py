"""Where the network looks: which pixels are evidence for a class, and which against it.

The methods are Captum's. Chosen here: the baseline is a blank image as the run's own network would
see it, the score is the class's logit, and hooks are only ever put on a copy, since the app's
sessions share one network. Captum is imported where it is used: importing it takes 0.7 s.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnn.common.progress import Progress, silent
from cnn.datasets import Preprocessing
from cnn.inspection.filters import conv_layers
from cnn.network import INPUT_SHAPE, Architecture
from cnn.network.layers import Activation, BatchNorm2d, Conv2d

COMPLETE = 0.01  # integrated gradients are refined until they add up to this share
FIRST_STEPS, MOST_STEPS = 32, 2048
BATCH = 128


@dataclass(frozen=True)
class Method:
    """A way to ask where the network looks."""

    label: str
    about: str
    unit: str  # what one value means
    needs_layer: bool = False


METHODS: dict[str, Method] = {
    "grad-cam": Method(
        "Grad-CAM",
        "Which regions of a layer's maps are evidence for the class: each map weighted by the "
        "score's gradient in it. Coarse, and hard to fool. (Selvaraju and others, 2016, "
        "arXiv:1610.02391)",
        "weighted activation",
        needs_layer=True,
    ),
    "integrated-gradients": Method(
        "Integrated gradients",
        "Each pixel's share of the score, gathered on the way from a blank sheet to this image. "
        "The shares add up to the score's difference. (Sundararajan and others, 2017, "
        "arXiv:1703.01365)",
        "share of the score",
    ),
    "occlusion": Method(
        "Occlusion",
        "Covers a small square with blank paper, everywhere in turn, and measures how far the "
        "score drops. (Zeiler and Fergus, 2013, arXiv:1311.2901)",
        "drop of the score",
    ),
    "saliency": Method(
        "Gradient",
        "How fast the score would rise if a pixel became brighter: sharp, noisy, and blind to "
        "what is saturated. (Simonyan and others, 2013, arXiv:1312.6034)",
        "score per pixel value",
    ),
}


@dataclass(frozen=True)
class Attribution:
    """One method's result: `values` float32 `(28, 28)`, positive is evidence for `target`.

    `score` is the class's logit for the image, `blank_score` for the blank image. For integrated
    gradients `values` add up to their difference, within 1%.
    """

    method: str
    target: int
    values: NDArray[np.float32]
    score: float
    blank_score: float
    layer_number: int | None = None

    @property
    def largest(self) -> float:
        """The largest absolute value: the colour scale's end (0 where all is flat)."""
        return float(np.abs(self.values).max())


def blank(preprocessing: Preprocessing) -> Tensor:
    """An empty sheet as the run's network sees it: float32 `(1, 1, 28, 28)`."""
    return preprocessing(torch.zeros(1, *INPUT_SHAPE[1:]))


def attribute(
    method: str,
    model: nn.Sequential,
    architecture: Architecture,
    preprocessing: Preprocessing,
    image: NDArray | Tensor,
    target: int,
    layer_number: int | None = None,
    progress: Progress = silent,
    window: int = 5,
    stride: int = 2,
) -> Attribution:
    """The attribution of class `target` on `image` by `method`, a name in METHODS.

    `image` is `(28, 28)`, uint8 (0-255) or float (0-1); `model` must be in evaluation.
    `layer_number` is Grad-CAM's layer, `grad_cam_layer`'s by default; `window` and `stride` are
    occlusion's, in pixels. Raises ValueError for an unknown method, class or layer.
    """
    if method not in METHODS:
        raise ValueError(f"There is no method '{method}'. Known: {', '.join(METHODS)}.")
    if not 0 <= target < architecture.head.classes:
        raise ValueError(f"There is no class {target}.")
    x = preprocessing(torch.as_tensor(np.asarray(image))[None])
    empty = blank(preprocessing)
    with torch.inference_mode():
        score, blank_score = model(torch.cat([x, empty]))[:, target].tolist()
    number = None
    if method == "grad-cam":
        number = _layer(architecture, layer_number)
        values = _grad_cam(model, number, x, target)
    elif method == "integrated-gradients":
        values = _integrated(model, x, empty, target, score - blank_score, progress)
    elif method == "occlusion":
        values = _occlusion(model, x, empty, target, window, stride, progress)
    else:
        values = _saliency(model, x, target)
    progress(1.0)
    return Attribution(method, target, _pixels(values), score, blank_score, number)


def grad_cam_layer(architecture: Architecture) -> int | None:
    """Grad-CAM's layer by default: the last convolution, after its activation function.

    Before it, and before batch norm, a map's sign means little. None without a convolution.
    """
    if not (convolving := conv_layers(architecture)):
        return None
    number, layers = convolving[-1], architecture.all_layers
    if isinstance(layers[number - 1], Conv2d):
        for below in range(number, len(layers)):
            if not layers[below].enabled:
                continue
            if isinstance(layers[below], Activation):
                return below + 1
            if not isinstance(layers[below], BatchNorm2d):
                break
    return number


def _layer(architecture: Architecture, number: int | None) -> int:
    """Grad-CAM's layer: any whose output is maps. Raises ValueError."""
    if number is None and (number := grad_cam_layer(architecture)) is None:
        raise ValueError("Grad-CAM needs a convolution, and this network has none.")
    rows = architecture.table()
    if not 1 <= number <= len(rows) or len(rows[number - 1].output_shape or ()) != 3:
        raise ValueError(f"Layer {number} has no maps for Grad-CAM to weigh.")
    return number


def _pixels(values: Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(values[0, 0].detach().float().cpu().numpy())


def _grad_cam(model: nn.Sequential, number: int, x: Tensor, target: int) -> Tensor:
    """Signed (the paper keeps the positive part), enlarged to the image bilinearly."""
    from captum.attr import LayerAttribution, LayerGradCam

    layers = list(model)
    layers[number - 1] = copy.deepcopy(layers[number - 1])
    network = torch.nn.Sequential(*layers).eval()
    maps = LayerGradCam(network, network[number - 1]).attribute(x, target)
    return LayerAttribution.interpolate(maps, INPUT_SHAPE[1:], "bilinear")


def _saliency(model: nn.Sequential, x: Tensor, target: int) -> Tensor:
    from captum.attr import Saliency

    return Saliency(model).attribute(x.clone().requires_grad_(), target, abs=False)


def _integrated(
    model: nn.Sequential,
    x: Tensor,
    empty: Tensor,
    target: int,
    difference: float,
    progress: Progress,
) -> Tensor:
    """With twice the steps until the values add up to the scores' difference within 1%."""
    from captum.attr import IntegratedGradients

    method = IntegratedGradients(model)
    steps = FIRST_STEPS
    while True:
        progress(steps / MOST_STEPS)
        values = method.attribute(
            x, empty, target, n_steps=steps, internal_batch_size=BATCH, method="riemann_middle"
        )
        gap = abs(float(values.sum()) - difference)
        if gap <= COMPLETE / 2 * abs(difference) + 1e-6 or steps >= MOST_STEPS:
            return values
        steps *= 2


def _occlusion(
    model: nn.Sequential,
    x: Tensor,
    empty: Tensor,
    target: int,
    window: int,
    stride: int,
    progress: Progress,
) -> Tensor:
    """Mean drop over all squares that cover a pixel."""
    from captum.attr import Occlusion

    places = (-(-(INPUT_SHAPE[1] - window) // stride) + 1) ** 2
    return Occlusion(_counting(model, places, progress)).attribute(
        x,
        sliding_window_shapes=(1, window, window),
        strides=(1, stride, stride),
        target=target,
        baselines=empty,
        perturbations_per_eval=BATCH,
    )


def _counting(model: nn.Sequential, images: int, progress: Progress) -> Callable[[Tensor], Tensor]:
    """The network as a function that counts images between two batches."""
    seen = 0

    def forward(batch: Tensor) -> Tensor:
        nonlocal seen
        progress(seen / images)
        seen += len(batch)
        with torch.inference_mode():
            return model(batch)

    return forward
