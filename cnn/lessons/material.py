"""What the lessons are made of: real digits, and the networks that come with the app."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from cnn import runs
from cnn.network.layers import (
    Activation,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    SumPool2d,
)
from cnn.runs.folders import examples_dir

COMPACT, TUTORIAL = "example-compact", "example-tutorial"
BATCH_NORM_EPSILON = 1e-5  # torch's
_POOLS = {MaxPool2d: "max", AvgPool2d: "avg", SumPool2d: "sum"}

Layers = list[dict[str, Any]]


class MaterialError(RuntimeError):
    """Something that comes with the app is missing; the message says what."""


def example(name: str) -> runs.Run:
    """The example run of that name. Raises MaterialError."""
    run = runs.Run(examples_dir() / name)
    if not run.files.config.is_file():
        raise MaterialError(
            f"The example run '{name}' is missing from {examples_dir()}: this lesson works with "
            "its digits and weights. Restore the folder from the repository."
        )
    return run


def digits() -> NDArray[np.uint8]:
    """Ten of MNIST's test images, 0 to 9: uint8 `(10, 28, 28)`. Raises MaterialError."""
    images = example(COMPACT).live().get("images", [])
    if len(images) != 10:
        raise MaterialError(f"The digits are missing from {examples_dir() / COMPACT}.")
    return np.array(images, np.uint8)


def network(name: str, epoch: int | None = None) -> Layers:
    """An example's network with an epoch's weights (None: the newest), as JavaScript computes it.

    Each layer is a dict: its kind, its numbers, and float32 weights in base64; batch norm becomes
    one factor and one shift a map. The image must be normalised before. Raises MaterialError.
    """
    run = example(name)
    try:
        changed = run.weights_path(epoch).stat().st_mtime_ns
        return _network(name, epoch, str(run.path), changed)
    except (runs.RunError, OSError, SafetensorError, KeyError) as error:
        raise MaterialError(f"The weights of '{name}' cannot be read: {error}") from error


@lru_cache(maxsize=16)
def _network(name: str, epoch: int | None, path: str, changed: int) -> Layers:
    run = example(name)
    tensors = load_file(run.weights_path(epoch))
    made: Layers = []
    number = 0  # among torch's modules
    for layer in run.config.architecture.layers:
        if layer.enabled:
            made.append(_layer(layer, str(number), tensors))
            number += 1
    head = run.config.architecture.head
    made.append(_dense(str(number), tensors))
    if head.output == "sigmoid":
        made.append({"kind": "activation", "function": "sigmoid"})
    return made


def _layer(layer: object, number: str, tensors: dict[str, NDArray]) -> dict[str, Any]:
    """One layer. Raises MaterialError for a type that no example has."""
    if isinstance(layer, Conv2d):
        weight, bias = tensors[f"{number}.weight"], tensors.get(f"{number}.bias")
        reach = layer.dilation * (layer.kernel_size - 1)
        return {
            "kind": "conv",
            "out": layer.filters,
            "k": layer.kernel_size,
            "stride": layer.stride,
            "dilation": layer.dilation,
            "padding": reach // 2 if layer.padding == "same" else 0,
            "weight": packed(weight),
            "bias": None if bias is None else packed(bias),
        }
    if isinstance(layer, BatchNorm2d):
        mean, variance = tensors[f"{number}.running_mean"], tensors[f"{number}.running_var"]
        factor = tensors[f"{number}.weight"] / np.sqrt(variance + BATCH_NORM_EPSILON)
        shift = tensors[f"{number}.bias"] - mean * factor
        return {"kind": "scale", "weight": packed(factor), "bias": packed(shift)}
    if isinstance(layer, Activation):
        return {"kind": "activation", "function": layer.function}
    if isinstance(layer, MaxPool2d | AvgPool2d | SumPool2d):
        size = {"k": layer.kernel_size, "stride": layer.stride}
        return {"kind": "pool", "how": _POOLS[type(layer)], **size}
    if isinstance(layer, Flatten):
        return {"kind": "flatten"}
    if isinstance(layer, Dropout):
        return {"kind": "dropout", "keep": None}
    if isinstance(layer, Linear):
        return _dense(number, tensors)
    raise MaterialError(f"The lessons cannot show a layer of the type {type(layer).__name__}.")


def _dense(number: str, tensors: dict[str, NDArray]) -> dict[str, Any]:
    weight, bias = tensors[f"{number}.weight"], tensors[f"{number}.bias"]
    return {
        "kind": "dense",
        "out": len(weight),
        "weight": packed(weight),
        "bias": packed(bias),
    }


def packed(values: NDArray) -> str:
    """Numbers as float32 in base64."""
    return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode()


def packed_images(images: NDArray[np.uint8]) -> str:
    """Images as bytes in base64."""
    return base64.b64encode(np.ascontiguousarray(images).tobytes()).decode()
