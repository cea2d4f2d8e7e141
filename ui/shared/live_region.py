"""A live region: what has changed on the page, for those who hear it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_region = st.components.v2.component(
    "cnn_live_region",
    js=Path(__file__).with_suffix(".js").read_text("utf-8"),
    isolate_styles=False,
)


def say(text: str, key: str) -> None:
    """Have a screen reader say `text` where it is another than before. The region must stand on the
    page before there is anything to say: call this at every run, with an empty text too."""
    with st.container(key=f"say_{key}"):
        _region(key=f"region_{key}", data={"text": text}, height=1)
