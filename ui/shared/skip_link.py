"""A link past the navigation, for those who go by the keyboard: seen when it has the focus."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_link = st.components.v2.component(
    "cnn_skip_link",
    js=Path(__file__).with_suffix(".js").read_text("utf-8"),
    isolate_styles=False,
)


def show() -> None:
    """Put it before all else in the document, once a window."""
    with st.container(key="say_skip_link"):  # takes no gap
        _link(key="skip_link", height=1)
