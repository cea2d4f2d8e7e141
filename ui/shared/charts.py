"""Plotly figures on a page."""

from __future__ import annotations

import streamlit as st
from plotly.graph_objects import Figure


def chart(figure: Figure, key: str, alt: str | None = None) -> None:
    """Draw a figure without its tool bar; `alt` describes it to those who cannot see it."""
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=alt)
