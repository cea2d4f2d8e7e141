"""The arithmetic of the chosen pixel: what it saw, times what, plus what, is its value."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn.inspection.arithmetic.sliding_window import Window, window
from cnn.network.receptive_field import receptive_field
from ui.inspect import formulas
from ui.inspect.chosen_map import pick_map
from ui.inspect.pixels import pixels
from ui.inspect.scene import Scene, asset, colours
from ui.shared import state

SHOWN = 3
_arithmetic = st.components.v2.component(
    "inspect_arithmetic", js=asset("common.js", "arithmetic.js"), css=asset("arithmetic.css")
)


def show(scene: Scene) -> None:
    """The chosen layer's arithmetic, whatever its type."""
    output = scene.chosen
    part = "output"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        pick_map(scene, "sum")
        if output is not None:
            part = _pick_part(scene, output.number)
    if output is None:
        _the_image(scene)
        return
    choice = scene.choice
    values = scene.explainer.values(output.number, part)
    channel = min(choice.channel, len(values) - 1)
    if values.ndim == 3:
        choice.row = min(choice.row, values.shape[1] - 1)
        choice.column = min(choice.column, values.shape[2] - 1)
    sliding = window(scene.explainer, output.number, channel, part)
    if sliding is not None:
        _slide(scene, sliding)
        return
    found = scene.explainer.explain(output.number, channel, choice.row, choice.column, part)
    formulas.show(scene, found, part)


def _pick_part(scene: Scene, number: int) -> str:
    """Which step, in a layer of several: a residual block, the classifier."""
    parts = scene.explainer.operations(number)
    if len(parts) < 2:
        return "output"
    titles = {part.name: part.title for part in parts}
    convs = [part.name for part in parts if part.path == "conv2"]
    first = convs[0] if convs else "probability" if "probability" in titles else "output"
    key = f"sum_part_{number}"
    name = f"inspect_{key}"
    return state.keep(
        name,
        st.selectbox(
            "Step",
            list(titles),
            list(titles).index(state.remember(name, first, list(titles))),
            format_func=lambda n: titles[n],
            key=key,
            width=230,
        ),
    )


def _slide(scene: Scene, window: Window) -> None:
    """Convolutions and poolings: the sliding window, and the receptive field on the image."""
    choice = scene.choice
    key = "inspect_arithmetic"

    def picked() -> None:
        place = (st.session_state.get(key) or {}).get("picked")
        if place:
            choice.row, choice.column = int(place["row"]), int(place["column"])

    left, right = st.columns([4, 1], gap="medium")
    with left:
        _arithmetic(data=data_of(scene, window), key=key, on_picked_change=picked)
    with right:
        box = receptive_field(
            scene.config.architecture, choice.layer, choice.row, choice.column
        ).box
        st.markdown("**In the image**")
        pixels(
            scene.image.astype(np.float32), "sum_field", "The image, its receptive field outlined",
            size=196, ink=True, box=(box.top, box.left, box.height, box.width),
        )  # fmt: skip
        st.caption(
            f"This value can see {box.height}×{box.width} pixels of the image: its receptive field."
        )


def data_of(scene: Scene, window: Window) -> dict[str, Any]:
    """What the component draws, as plain data: the maps that weigh most at the chosen place."""
    choice = scene.choice
    scale = colours()
    here = window.sums[:, choice.row, choice.column]
    shown = np.argsort(-np.abs(here), kind="stable")[:SHOWN]
    rest = np.setdiff1d(np.arange(len(here)), shown)
    inputs = window.inputs
    conv = window.kernels is not None

    def style(values: NDArray, signed: bool | None = None) -> dict[str, Any]:
        signed = bool((values < 0).any()) if signed is None else signed
        peak = float(np.abs(values).max()) or 1.0
        return {"peak": peak, "signed": signed, "scale": scale["signed" if signed else "heat"]}

    products = (
        np.abs(inputs[shown]).max() * np.abs(window.kernels[shown]).max() if conv else 1.0  # type: ignore[index]
    )
    source = "map" if scene.choice.layer > 1 else "image"
    return {
        "kind": window.kind,
        "name": window.name,
        "at": [choice.row, choice.column],
        "kernel": window.kernel,
        "stride": window.stride,
        "padding": window.padding,
        "dilation": window.dilation,
        "sourceName": "from map" if source == "map" else "image",
        "inputTitle": f"Its input: {source}"
        + (f" {window.channels[shown[0]]}" if source == "map" else "")
        + (f", heaviest of {len(here)}" if len(here) > 1 else ""),
        "outputTitle": f"{window.name}: map {choice.channel}",
        "channels": [
            {
                "id": window.channels[i],
                "input": inputs[i].astype(float).tolist(),
                "kernel": window.kernels[i].astype(float).tolist() if conv else None,  # type: ignore[index]
            }
            for i in shown
        ],
        "others": window.sums[rest].astype(float).sum(axis=0).tolist() if len(rest) else None,
        "othersCount": len(rest),
        "bias": window.bias,
        "hasBias": bool(window.bias),
        "total": window.total.astype(float).tolist(),
        "after": [
            [name, values.astype(float).tolist()]
            for name, values in (window.after or after_of(scene))
        ],
        "inputStyle": style(inputs),
        "kernelStyle": style(window.kernels, True) if conv else None,  # type: ignore[arg-type]
        "productStyle": style(np.array([products]), True),
        "outputStyle": style(window.total),
    }


def after_of(scene: Scene) -> list[tuple[str, NDArray[np.float32]]]:
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
            scene.image.astype(np.float32), "sum_image", "The image", ink=True,
            chosen=(choice.row, choice.column), on_pick=lambda r, c: move(scene, r, c),
        )  # fmt: skip
    with right:
        st.markdown("**Brought to mean 0 and spread 1, as the training images were**")
        st.latex(rf"\frac{{{raw:.4f} - {mean:.4f}}}{{{std:.4f}}} = {(raw - mean) / std:.4f}")


def move(scene: Scene, row: int, column: int) -> None:
    """Choose another pixel of the same map."""
    scene.choice.row, scene.choice.column = row, column
