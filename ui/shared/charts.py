"""Plotly figures on a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from plotly.graph_objects import Figure

from cnn.figures.colours import LABELS
from ui.shared import projector, state
from ui.shared.components import dark


def chart(figure: Figure, key: str, alt: str, on_select: Callable[[], None] | None = None) -> None:
    """Draw a figure without its tool bar; `alt` describes it to those who cannot see it,
    `on_select` is called when a point is clicked."""
    colour = LABELS["dark" if dark() else "light"]  # Streamlit's own is too faint for small type
    words: dict[str, Any] = {"tickfont_color": colour, "title_font_color": colour}
    if state.get().projector:  # told to Plotly, which leaves room by what it is told
        size = projector.TICKS
        words |= {"tickfont_size": size, "title_font_size": size}
        figure.update_layout(legend_font_size=size, font_size=size)
    figure.update_xaxes(**words).update_yaxes(**words)
    st.plotly_chart(
        figure,
        key=key,
        on_select=on_select or "ignore",
        selection_mode="points",
        config={"displayModeBar": False},
        alt=alt,
    )
