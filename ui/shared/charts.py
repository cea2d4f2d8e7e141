"""Plotly figures on a page."""

from __future__ import annotations

import streamlit as st
from plotly.graph_objects import Figure

from cnn.figures.colours import LABELS
from ui.shared.components import dark


def chart(figure: Figure, key: str, alt: str | None = None) -> None:
    """Draw a figure without its tool bar; `alt` describes it to those who cannot see it."""
    colour = LABELS["dark" if dark() else "light"]  # Streamlit's own is too faint for small type
    words = {"tickfont_color": colour, "title_font_color": colour}
    figure.update_xaxes(**words).update_yaxes(**words)
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=alt)
