"""The network in three dimensions: activation maps as planes that can be turned."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn import figures
from ui.inspect.scene import Scene
from ui.shared.components import dark

SHOWN_KINDS = ("activation", "residual_block", "max_pool2d", "avg_pool2d", "sum_pool2d")


def show(scene: Scene) -> None:
    """A few maps of each layer, in the order of the flow."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        count = st.segmented_control(
            "Maps of each layer", [4, 9, 16], default=9, key="space_count", required=True
        )
        every = st.toggle("Every layer", key="space_every", persist_state="session")
    sheets = _sheets(scene, count, every)
    if not sheets:
        st.caption("This network has no layer of maps: between image and scores there is nothing.")
    image, classes = np.asarray(scene.image), scene.config.classes
    for name, upright in (("wide", False), ("narrow", True)):  # the style sheet shows one of them
        with st.container(key=f"space_{name}_window"):
            st.plotly_chart(
                figures.planes(sheets, image, dark(), scene.probabilities, classes, upright),
                key=f"space_{name}",
                config={"displaylogo": False, "modeBarButtonsToRemove": ["toImage"]},
                alt="The network's layers as sheets in space",
            )
    st.caption("Drag to turn, scroll to come nearer. The strongest maps of each layer.")


def _sheets(scene: Scene, count: int, every: bool) -> list[tuple[str, NDArray[np.float32]]]:
    """A title and `count` maps `(n, H, W)` of each layer; without `every` only the main layers."""
    maps = [output for output in scene.outputs if output.is_maps and output.layer.enabled]
    sheets = []
    for output in [o for o in maps if every or o.layer.kind in SHOWN_KINDS] or maps:
        order = scene.order_of(output.number)
        sheets.append((f"{output.number} {output.layer.summary}", output.values[order[:count]]))
    return sheets
