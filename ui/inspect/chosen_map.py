"""The chosen map, large: its values, their histogram, before and after the activation, and all
maps of its layer."""

from __future__ import annotations

import io
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image
from plotly.colors import sample_colorscale

from cnn import figures
from cnn.common.text import percent
from cnn.inspection.activations import LayerOutput
from cnn.network.layers import show as shape_of
from ui.inspect.pixels import pixels
from ui.inspect.scene import Scene, choose
from ui.inspect.sheet import sheet
from ui.inspect.widgets import by_hand
from ui.shared.charts import chart
from ui.shared.components import peak_of, scale_for
from ui.shared.projector import scaled

SIZE = 224  # of the chosen map, in pixels of the screen
FEW = 32  # maps shown of a large layer, unless all are asked for


def pick_map(scene: Scene, key: str) -> None:
    """Layer and map as two fields: for the keyboard, and for maps that the flow leaves out."""
    choice = scene.choice
    numbers = list(range(len(scene.outputs) + 1))

    def title(number: int) -> str:
        return f"{number} · {scene.outputs[number - 1].layer.summary}" if number else "The image"

    layer_key = scene.widget_key(key, "layer", choice.version)
    map_key = scene.widget_key(key, "map", choice.layer, choice.version)

    def layer_changed(number: int) -> None:
        values = scene.outputs[number - 1].values if number else scene.given(1)
        same = choice.channel if choice.channel < len(values) else 0
        choose(scene, number, same, clicked=False)

    def map_changed(number: int) -> None:
        choose(scene, choice.layer, number, clicked=False)

    st.selectbox(
        "Layer",
        numbers,
        choice.layer,
        format_func=title,
        key=layer_key,
        on_change=by_hand(layer_key, choice.layer, layer_changed),
        width=scaled(210),
    )
    output = scene.chosen
    last = 0 if output is None else len(output.values) - 1
    channel = min(choice.channel, last)
    st.number_input(
        f"{'Map' if output is None or output.is_maps else 'Unit'}, 0 to {last}",
        0,
        last,
        channel,
        key=map_key,
        on_change=by_hand(map_key, channel, map_changed),
        width=scaled(130),
    )


def show(scene: Scene) -> None:
    """The chosen map large at the left, its fields and histogram beside it, its layer below."""
    output = scene.chosen
    if output is not None and not output.is_maps:
        _controls(scene)
        _vector(scene, output)
        return
    previous = _before_activation(scene)
    columns = st.columns([3, 3, 6] if previous is not None else [3, 8], gap="large")
    name = "The image as the network gets it"
    if output is not None:
        name = f"{output.layer.summary}, map {scene.choice.channel}"
    peak = _peak(output, previous)
    if previous is not None:
        with columns[0]:
            place = (scene.choice.row, scene.choice.column)
            st.markdown("**Before**")
            pixels(previous, "map_before", f"{name}, before", SIZE, peak, signed=True, chosen=place)
    with columns[-2]:
        _large(scene, name, peak, None if previous is None else True)
    with columns[-1]:
        _controls(scene)
        _histogram(scene.chosen_map, previous)
    if output is not None:
        _whole_layer(scene, output)


def _vector(scene: Scene, output: LayerOutput) -> None:
    """A flat layer's outputs, and the chosen unit's."""
    chart(figures.vector(output.values), "map_vector", f"The outputs of {output.layer.summary}")
    st.caption(
        f"Unit {scene.choice.channel} is {float(scene.chosen_map[0, 0]):.4f}; "
        f"{output.dead} of {len(output.values)} units are zero on this image."
    )


def _controls(scene: Scene) -> None:
    """Which map it is, as fields, and the way to take it along."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        pick_map(scene, "map")
        _downloads(scene)


def _peak(output: LayerOutput | None, previous: NDArray[np.float32] | None) -> float | None:
    """The value of the fullest colour: the layer's, and one for both sides of an activation."""
    if output is None:
        return None
    return max(peak_of(output.values), 0.0 if previous is None else peak_of(previous))


def _large(scene: Scene, name: str, peak: float | None, signed: bool | None) -> None:
    """The chosen map (or the image), whose pixels lead to their arithmetic."""
    output, choice, values = scene.chosen, scene.choice, scene.chosen_map
    st.markdown(f"**{name}**")
    pixels(
        values,
        "map_pixels",
        name,
        SIZE,
        peak,
        signed=signed if signed is not None or output is None else output.signed,
        ink=output is None,
        chosen=(choice.row, choice.column),
        on_pick=partial(_pick, scene),
    )
    if output is not None and not np.any(values):
        st.badge("silent on this image", color="gray", icon=":material/volume_off:")


def _histogram(values: NDArray[np.float32], previous: NDArray[np.float32] | None) -> None:
    st.markdown("**Its values**")
    histogram = figures.histogram(values, previous)
    chart(histogram, "map_histogram", "How many pixels have which value")
    grid = st.grid(4, min_column_width=80)
    grid.metric("Mean", f"{values.mean():.3g}")
    grid.metric("Largest", f"{values.max():.3g}")
    grid.metric("Smallest", f"{values.min():.3g}")
    grid.metric("Zero", percent(float((values == 0).mean()), 0))


def _pick(scene: Scene, row: int, column: int) -> None:
    """A clicked pixel is chosen, and its arithmetic opened."""
    scene.choose_pixel(row, column)
    st.session_state["inspect_section"] = "Arithmetic"


def _before_activation(scene: Scene) -> NDArray[np.float32] | None:
    """The chosen map before its layer's activation function, where it is an activation."""
    output = scene.chosen
    if output is None or output.layer.kind != "activation" or not output.layer.enabled:
        return None
    return scene.given(output.number)[scene.choice.channel]


def _whole_layer(scene: Scene, output: LayerOutput) -> None:
    """Every map of the layer, strongest first; each column of the flow shows only a few."""
    order = scene.order_of(output.number)
    silent = f" · {output.dead} silent on this image" if output.dead else ""
    everything = True
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**All of layer {output.number}** · {shape_of(output.values.shape)}{silent}",
            width="content",
        )
        if len(order) > FEW:
            everything = st.toggle(f"All {len(order)}", key="inspect_all", persist_state="session")
    sheet(scene, output, (order if everything else order[:FEW]).tolist(), "map_whole_layer")


def _downloads(scene: Scene) -> None:
    """The chosen map as PNG, the chosen layer as NumPy archive; made only when asked for."""
    layer = scene.choice.layer
    picture = f"layer-{layer}-map-{scene.choice.channel}.png"
    with st.popover("Download", icon=":material/download:"):
        for label, make, name, kind, icon in (
            ("This layer's numbers (.npz)", npz, f"layer-{layer}.npz", None, "data_array"),
            ("This map as a picture (PNG)", png, picture, "image/png", "image"),
        ):
            st.download_button(
                label,
                partial(make, scene),
                name,
                kind,
                key=f"map_{make.__name__}",
                on_click="ignore",
                icon=f":material/{icon}:",
            )


def npz(scene: Scene) -> bytes:
    """The chosen layer's values, the image, and what they belong to, as a NumPy archive."""
    output = scene.chosen
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        activations=scene.given(1) if output is None else output.values,
        image=scene.image,
        layer=scene.choice.layer,
        map=scene.choice.channel,
        epoch=-1 if scene.epoch is None else scene.epoch,
    )
    return buffer.getvalue()


def png(scene: Scene) -> bytes:
    """The chosen map in its colours, every pixel a block of 12."""
    values = scene.chosen_map
    signed = bool((values < 0).any())
    share = values / (float(np.abs(values).max()) or 1.0)
    if signed:
        share = (share + 1) / 2
    steps = np.linspace(0, 1, 256).tolist()
    colours = sample_colorscale(scale_for(signed), steps, colortype="tuple")
    table = np.rint(np.array(colours) * 255).astype(np.uint8)
    rgb = table[np.clip(share * 255, 0, 255).astype(int)].repeat(12, axis=0).repeat(12, axis=1)
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "PNG")
    return buffer.getvalue()
