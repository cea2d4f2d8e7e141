"""What the theme cannot do for Inspect: a low head, and the picture first in a small window."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_CSS = Path(__file__).with_suffix(".css").read_text("utf-8")


def apply() -> None:
    """Put the style sheet on the page."""
    st.html(f"<style>{_CSS}</style>")
