"""The arithmetic of the chosen pixel: what it saw, times what, plus what, is its value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn.inspection.arithmetic import WindowSum
from cnn.network.receptive_field import receptive_field
from ui.inspect import formulas
from ui.inspect.chosen_map import pick_map
from ui.inspect.pixels import pixels
from ui.inspect.scene import Scene
from ui.shared.components import component, scale_for
from ui.shared.projector import scaled
from ui.shared.reports import PIXEL, reported

SHOWN = 3  # input maps, those that count most
KEY = "inspect_arithmetic"
_arithmetic = component(Path(__file__).parent, "arithmetic")


def show(scene: Scene) -> None:
    """The chosen layer's arithmetic, whatever its type."""
    output = scene.chosen
    operation = "output"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        pick_map(scene, "sum")
        if output is not None:
            operation = _pick_operation(scene, output.number)
    if output is None:
        _the_image(scene)
        return
    choice = scene.choice
    values = scene.explainer.values(output.number, operation)
    channel = min(choice.channel, len(values) - 1)
    if values.ndim == 3:
        choice.row = min(choice.row, values.shape[1] - 1)
        choice.column = min(choice.column, values.shape[2] - 1)
    found = scene.explainer.explain(output.number, channel, choice.row, choice.column, operation)
    if isinstance(found, WindowSum):
        _slide(scene, found)
    else:
        formulas.show(scene, found, operation)


def _pick_operation(scene: Scene, number: int) -> str:
    """Which operation, in a layer of several: a residual block, the classifier."""
    operations = scene.explainer.operations(number)
    if len(operations) < 2:
        return "output"
    titles = {operation.name: operation.title for operation in operations}
    first = next((name for name in ("conv2", "probability") if name in titles), "output")
    return st.selectbox(
        "Operation",
        list(titles),
        list(titles).index(first),
        format_func=lambda name: titles[name],
        key=scene.widget_key("sum_operation", number),
        persist_state="session",
        width=scaled(230),
    )


def _slide(scene: Scene, window: WindowSum) -> None:
    """Convolutions and poolings: the sliding window, and the receptive field on the image."""
    choice = scene.choice

    def picked() -> None:
        if place := reported(KEY, "picked", PIXEL):
            scene.choose_pixel(place.row, place.column)

    left, right = st.columns([4, 1], gap="medium")
    with left:
        _arithmetic(data=data_of(scene, window), key=KEY, on_picked_change=picked)
    with right:
        place = (choice.layer, choice.row, choice.column)
        box = receptive_field(scene.config.architecture, *place).box
        st.markdown("**In the image**")
        pixels(
            scene.image.astype(np.float32),
            "sum_field",
            "The image, its receptive field outlined",
            size=196,
            ink=True,
            box=(box.top, box.left, box.height, box.width),
        )
        st.caption(
            f"This value can see {box.height}×{box.width} pixels of the image: its receptive field."
        )


def data_of(scene: Scene, window: WindowSum) -> dict[str, Any]:
    """What the component draws, as plain data: the maps that count most at the chosen place."""
    choice = scene.choice
    here = window.sums[:, choice.row, choice.column]
    shown = np.argsort(-np.abs(here), kind="stable")[:SHOWN]
    others = np.setdiff1d(np.arange(len(here)), shown)
    inputs, kernels = window.inputs, window.kernels
    largest_product = 1.0
    if kernels is not None:
        largest_product = float(np.abs(inputs[shown]).max() * np.abs(kernels[shown]).max())
    after = window.after or _after(scene)
    return {
        "kind": window.kind,
        "name": window.name,
        "at": [choice.row, choice.column],
        "kernel": window.kernel,
        "stride": window.stride,
        "padding": window.padding,
        "dilation": window.dilation,
        **_titles(scene, window, int(shown[0])),
        "channels": [
            {
                "id": window.channels[i],
                "input": _plain(inputs[i]),
                "kernel": None if kernels is None else _plain(kernels[i]),
            }
            for i in shown
        ],
        "others": _plain(window.sums[others].astype(float).sum(axis=0)) if len(others) else None,
        "othersCount": len(others),
        "bias": window.bias,
        "hasBias": bool(window.bias),
        "total": _plain(window.output),
        "after": [[name, _plain(values)] for name, values in after],
        "inputStyle": _style(inputs),
        "kernelStyle": None if kernels is None else _style(kernels, signed=True),
        "productStyle": _style(np.array([largest_product]), signed=True),
        "outputStyle": _style(window.output),
    }


def _titles(scene: Scene, window: WindowSum, heaviest: int) -> dict[str, str]:
    source = f"map {window.channels[heaviest]}" if scene.choice.layer > 1 else "image"
    count = len(window.channels)
    return {
        "sourceName": "from map" if scene.choice.layer > 1 else "image",
        "inputTitle": f"Its input: {source}" + (f", heaviest of {count}" if count > 1 else ""),
        "outputTitle": f"{window.name}: map {scene.choice.channel}",
    }


def _plain(values: NDArray) -> list:
    return values.astype(float).tolist()


def _style(values: NDArray, signed: bool | None = None) -> dict[str, Any]:
    """How the component colours these values."""
    signed = bool((values < 0).any()) if signed is None else signed
    peak = float(np.abs(values).max()) or 1.0
    return {"peak": peak, "signed": signed, "scale": scale_for(signed)}


def _after(scene: Scene) -> list[tuple[str, NDArray[np.float32]]]:
    """What batch norm and activation right behind the chosen layer make of the same map."""
    found = []
    for output in scene.outputs[scene.choice.layer :]:
        if output.layer.kind not in ("batch_norm2d", "activation", "dropout"):
            break
        if output.layer.kind != "dropout":
            found.append((output.layer.summary, output.values[scene.choice.channel]))
    return found


def _the_image(scene: Scene) -> None:
    """How a pixel of the image becomes the number the network is given."""
    choice = scene.choice
    raw = float(scene.image[choice.row, choice.column])
    if scene.image.dtype == np.uint8:
        raw /= 255
    mean, std = scene.config.mean, scene.config.std
    left, right = st.columns([1, 2], gap="large")
    with left:
        pixels(
            scene.image.astype(np.float32),
            "sum_image",
            "The image",
            ink=True,
            chosen=(choice.row, choice.column),
            on_pick=scene.choose_pixel,
        )
    with right:
        st.markdown(
            "**Normalised to mean 0 and standard deviation 1, as the training images were**"
        )
        st.latex(rf"\frac{{{raw:.4f} - {mean:.4f}}}{{{std:.4f}}} = {(raw - mean) / std:.4f}")
