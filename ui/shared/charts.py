"""Plotly figures on a page."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from plotly.graph_objects import Figure

from cnn.figures.colours import LABELS
from ui.shared.components import dark


def chart(
    figure: Figure, key: str, alt: str | None = None, on_select: Callable[[], None] | None = None
) -> None:
    """Draw a figure without its tool bar; `alt` describes it to those who cannot see it,
    `on_select` is called when a point is clicked."""
    colour = LABELS["dark" if dark() else "light"]  # Streamlit's own is too faint for small type
    words = {"tickfont_color": colour, "title_font_color": colour}
    figure.update_xaxes(**words).update_yaxes(**words)
    st.plotly_chart(
        figure,
        key=key,
        on_select=on_select or "ignore",
        selection_mode="points",
        config={"displayModeBar": False},
        alt=alt,
    )
