"""The chosen map, large: its values, their histogram, before and after the activation, and all
maps of its layer."""

from __future__ import annotations

import io

import numpy as np
import streamlit as st

from cnn import figures
from cnn.network.layers import show as shape_of
from ui.inspect.pixels import pixels
from ui.inspect.scene import QUIET, Scene, by_hand, choose, peak_of
from ui.inspect.sheet import sheet
from ui.shared import state


def pick_map(scene: Scene, key: str) -> None:
    """Layer and map as two fields: for the keyboard, and for maps that the flow leaves out."""
    choice = scene.choice
    numbers = list(range(len(scene.outputs) + 1))

    def title(number: int) -> str:
        return f"{number} · {scene.outputs[number - 1].layer.summary}" if number else "The image"

    layer_key = f"{key}_layer_{choice.version}"
    map_key = f"{key}_map_{choice.layer}_{choice.version}"

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
        width=210,
    )
    output = scene.chosen
    count = 1 if output is None else len(output.values)
    st.number_input(
        f"{'Map' if output is None or output.is_maps else 'Unit'}, 0 to {count - 1}",
        0,
        count - 1,
        min(choice.channel, count - 1),
        key=map_key,
        on_change=by_hand(map_key, min(choice.channel, count - 1), map_changed),
        width=130,
    )


def show(scene: Scene) -> None:
    """The chosen map large at the left, what it is made of at the right, its layer below."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        pick_map(scene, "map")
        _downloads(scene)
    output, choice = scene.chosen, scene.choice
    values = scene.chosen_map
    if output is not None and not output.is_maps:
        st.plotly_chart(
            figures.vector(output.values), key="map_vector", config=QUIET,
            alt=f"The outputs of {output.layer.summary}",
        )  # fmt: skip
        st.caption(
            f"Unit {choice.channel} answers {float(values[0, 0]):.4f}; "
            f"{output.dead} of {len(output.values)} units are zero on this image."
        )
        return
    name = "The image as the network gets it"
    if output is not None:
        name = f"{output.layer.summary}, map {choice.channel}"
    previous = _before_activation(scene)
    columns = st.columns([3, 3, 4] if previous is not None else [3, 4], gap="large")
    if previous is not None:
        with columns[0]:
            st.markdown("**Before**")
            pixels(previous, "map_before", f"{name}, before", chosen=(choice.row, choice.column))
    with columns[-2]:
        st.markdown(f"**{name}**")
        pixels(
            values,
            "map_pixels",
            name,
            peak=None if output is None else peak_of(output.values),
            signed=None if output is None else output.signed,
            ink=output is None,
            chosen=(choice.row, choice.column),
            on_pick=lambda r, c: _pick(scene, r, c),
        )
        if output is not None and not np.any(values):
            st.badge("silent on this image", color="gray", icon=":material/volume_off:")
        st.caption("Click a pixel to see how it was computed.")
    with columns[-1]:
        st.markdown("**Its values**")
        st.plotly_chart(
            figures.histogram(values, previous),
            key="map_histogram",
            config=QUIET,
            alt="How many pixels have which value",
        )
        grid = st.grid(4, min_column_width=80)
        for label, number in (
            ("Mean", values.mean()),
            ("Largest", values.max()),
            ("Smallest", values.min()),
        ):
            grid.metric(label, f"{number:.3g}")
        grid.metric("Zero", f"{float((values == 0).mean()):.0%}")
    if output is not None:
        _whole_layer(scene)


def _pick(scene: Scene, row: int, column: int) -> None:
    """A clicked pixel is chosen, and its arithmetic opened."""
    scene.choice.row, scene.choice.column = row, column
    st.session_state["inspect_part"] = state.keep("inspect_part", "Arithmetic")


def _before_activation(scene: Scene):
    """The chosen map before its layer's activation function, where it is an activation."""
    output = scene.chosen
    if output is None or output.layer.kind != "activation" or not output.layer.enabled:
        return None
    return scene.given(output.number)[scene.choice.channel]


def _whole_layer(scene: Scene) -> None:
    """Every map of the layer, strongest first; each column of the flow shows only a few."""
    output = scene.chosen
    assert output is not None
    order = np.argsort(-np.abs(output.values).mean(axis=(1, 2)), kind="stable")
    silent = f" · {output.dead} silent on this image" if output.dead else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**All of layer {output.number}** · {shape_of(output.values.shape)}{silent}",
            width="content",
        )
        if len(order) > 32:
            st.toggle(f"All {len(order)}", key="inspect_all", persist_state="session")
    if len(order) > 32 and not st.session_state.get("inspect_all"):
        order = order[:32]
    sheet(scene, output, order.tolist(), "map_whole_layer")


def _downloads(scene: Scene) -> None:
    """The chosen map as PNG, the chosen layer as NumPy archive; made only when asked for."""
    output = scene.chosen
    layer = scene.choice.layer

    def archive() -> bytes:
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            activations=scene.given(1) if output is None else output.values,
            image=scene.image,
            layer=layer,
            map=scene.choice.channel,
            epoch=-1 if scene.epoch is None else scene.epoch,
        )
        return buffer.getvalue()

    def picture() -> bytes:
        return png(scene)

    with st.popover("Download", icon=":material/download:"):
        st.download_button(
            "This layer's numbers (.npz)", archive, f"layer-{layer}.npz",
            key="map_npz", on_click="ignore", icon=":material/data_array:",
        )  # fmt: skip
        st.download_button(
            "This map as a picture (PNG)", picture, f"layer-{layer}-map-{scene.choice.channel}.png",
            "image/png", key="map_png", on_click="ignore", icon=":material/image:",
        )  # fmt: skip


def png(scene: Scene) -> bytes:
    """The chosen map in its colours, every pixel a block of 12."""
    from PIL import Image
    from plotly.colors import sample_colorscale

    from ui.inspect.scene import colours

    values = scene.chosen_map
    signed = bool((values < 0).any())
    peak = float(np.abs(values).max()) or 1.0
    share = (values / peak + 1) / 2 if signed else values / peak
    scale = colours()["signed" if signed else "heat"]
    table = np.array(
        [
            [round(float(v)) for v in c[4:-1].split(",")]
            for c in sample_colorscale(scale, np.linspace(0, 1, 256).tolist())
        ],
        np.uint8,
    )
    rgb = table[np.clip(share * 255, 0, 255).astype(int)].repeat(12, axis=0).repeat(12, axis=1)
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "PNG")
    return buffer.getvalue()
