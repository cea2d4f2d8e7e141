"""Colours that carry a meaning, and the layout that every figure shares.

Streamlit's theme gives fonts, grid and background; the few colours chosen here read on light and
dark alike.
"""

from __future__ import annotations

from typing import Any

# Plotly takes pandas from sys.modules without waiting for it: met half imported by another
# thread (the app loads torch and Streamlit its own parts behind the first page), it raises.
import pandas  # noqa: F401
import plotly.graph_objects as go

TRAIN, VALIDATION, BEST, MUTED = "#4a8fd6", "#ea7a2c", "#38a373", "#8b93a1"
MAX_POINTS = 400
# Ink on paper for images, heat for positive maps, blue-orange around zero for signed ones.
SEQUENTIAL = [
    [0.0, "#12161f"], [0.25, "#5a2a14"], [0.5, "#c2561a"], [0.75, "#f2a65a"], [1.0, "#fff4e2"],
]  # fmt: skip
DIVERGING = [
    [0.0, "#2166ac"], [0.25, "#86bbe0"], [0.5, "#f4f2ee"], [0.75, "#f3a364"], [1.0, "#b9480b"],
]  # fmt: skip


def layout(figure: go.Figure, height: int, **more: Any) -> go.Figure:
    """Height in pixels, thin margins, no background; zoom survives a live update."""
    return figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        uirevision="keep",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        **more,
    )


def picture(figure: go.Figure, height: int) -> go.Figure:
    """Square pixels, row 0 at the top, no axes."""
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", constrain="domain")
    layout(figure, height, dragmode=False)
    return figure.update_layout(margin={"l": 0, "r": 0, "t": 0, "b": 0})
