"""The size of the whole network, in four figures."""

from __future__ import annotations

import streamlit as st
from humanize import metric, naturalsize

from cnn.network import Architecture, failing_row


def totals(architecture: Architecture) -> None:
    """Layers, parameters, multiply-adds and memory, a line each; of a network that cannot work, of
    the layers above the one that keeps it from working."""
    failing = failing_row(architecture.table())
    count = len(architecture.all_layers)
    layers = "layer" if count == 1 else "layers"
    figures = {
        layers: f"{count}",
        "parameters": f"{architecture.parameters:,}",
        "multiply-adds": metric(architecture.multiply_adds),
        "of activations per image": naturalsize(architecture.activation_bytes),
    }
    st.markdown(
        "**The whole network**",
        help="Height and depth of a block in the picture are its maps' height and width, to scale; "
        "its thickness grows with the square root of their number. Multiply-adds are for one "
        "image; the activations are what training must keep of it. 'Sees' is the receptive field: "
        "the side of the square of input pixels that one output value depends on.",
    )
    if failing:
        if failing.number > 1:
            st.caption(f"As far as layer {failing.number - 1}: layer {failing.number} cannot work.")
        else:
            st.caption("Layer 1 cannot work: sizes follow once it does.")
            figures = {layers: f"{count}"}
    st.markdown("  \n".join(f"**{value}** {name}" for name, value in figures.items()))
