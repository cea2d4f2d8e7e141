"""The network in space: sheets of activation maps that can be turned, lit by the image."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnn import figures
from cnn.inspection.flow import chain_ends, one_to_one
from ui.inspect.scene import Scene, dark

KINDS = ("activation", "residual_block", "max_pool2d", "avg_pool2d", "sum_pool2d")


def show(scene: Scene) -> None:
    """A few maps of each layer, in the order of the flow."""
    layers = scene.config.architecture.all_layers
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        count = st.segmented_control(
            "Maps of each layer", [4, 9, 16], default=9, key="space_count", required=True
        )
        every = st.toggle("Every layer", key="space_every", persist_state="session")
    maps = [o for o in scene.outputs if o.is_maps and o.layer.enabled]
    shown = [o for o in maps if every or o.layer.kind in KINDS] or maps
    if not shown:
        st.caption("This network has no layer of maps: between image and scores there is nothing.")
    ends = chain_ends(layers)
    sheets = []
    for output in shown:
        end = scene.order_by[ends[output.number - 1]]
        guide = end if one_to_one(layers[end.number - 1]) else output
        order = guide.order if len(guide.values) == len(output.values) else output.order
        sheets.append((f"{output.number} {output.layer.summary}", output.values[order[:count]]))
    for name, upright in (("wide", False), ("narrow", True)):  # the style sheet shows one of them
        with st.container(key=f"only_{name}_space"):
            st.plotly_chart(
                figures.planes(sheets, np.asarray(scene.image), dark(), scene.probabilities,
                               scene.config.classes, upright),
                key=f"space_{name}",
                config={"displaylogo": False, "modeBarButtonsToRemove": ["toImage"]},
                alt="The network's layers as sheets in space",
            )  # fmt: skip
    st.caption("Drag to turn, scroll to come nearer. The strongest maps of each layer.")
