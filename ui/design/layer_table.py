"""Shapes and costs of the network: in one line, and layer by layer."""

from __future__ import annotations

import streamlit as st
from humanize import metric, naturalsize

from cnn.network import Architecture, Row
from cnn.network.layers import show
from ui.design.text_table import Column, text_table


def totals(architecture: Architecture) -> None:
    """The whole network in one line."""
    figures = {
        "layers": f"{len(architecture.all_layers)}",
        "parameters": f"{architecture.parameters:,}",
        "multiply-adds": metric(architecture.multiply_adds),
        "of activations per image": naturalsize(architecture.activation_bytes),
    }
    st.markdown(
        " · ".join(f"**{value}** {name}" for name, value in figures.items()),
        text_alignment="center",
        help="Height and depth of a block are its maps' height and width, to scale; its thickness "
        "grows with the square root of their number. Multiply-adds are for one image; the "
        "activations are what training must keep of it.",
    )


def layer_table(rows: list[Row]) -> None:
    """One line for each layer."""

    def output(row: Row) -> str:
        return "off" if row.skipped else show(row.output_shape) if row.output_shape else "—"

    def memory(row: Row) -> str:
        return naturalsize(row.activation_bytes) if row.activation_bytes else "—"

    columns = (
        Column("Layer", [f"{row.number} · {row.layer.summary}" for row in rows], 132),
        Column("Output", [output(row) for row in rows], 78),
        Column("Param.", [row.parameters for row in rows], 56, format="localized"),
        Column(
            "Mult.",
            [row.multiply_adds for row in rows],
            48,
            "Multiply-adds for one image.",
            format="compact",
        ),
        Column(
            "Sees",
            [f"{row.receptive_field} px" if row.output_shape else "—" for row in rows],
            48,
            "The receptive field: the side of the square of input pixels that one output value "
            "depends on.",
        ),
        Column(
            "Memory",
            [memory(row) for row in rows],
            62,
            "The output of one image in float32, which training keeps.",
        ),
    )
    text_table(
        columns,
        "Table of the network's layers with output shape, parameters, multiply-adds, receptive "
        "field and activation memory",
        "content" if len(rows) < 21 else 620,
    )
