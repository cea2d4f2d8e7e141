"""The layout that every figure shares: Streamlit's theme gives fonts, grid and background."""

from __future__ import annotations

from typing import Any

# Plotly takes pandas from sys.modules without waiting for it: met half imported by another
# thread (the app loads torch and Streamlit its own parts behind the first page), it raises.
import pandas  # noqa: F401
import plotly.graph_objects as go

MAX_POINTS = 400


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
