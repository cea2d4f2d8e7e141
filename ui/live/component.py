"""Components that are fed by the stream: each has the window's one stream and one Plotly."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from ui.live.routes import PLOTLY_VERSION

HERE = Path(__file__).parent
STREAM_JS = (HERE / "stream.js").read_text("utf-8")
_SHARED = f"{STREAM_JS}\n{(HERE / 'plot.js').read_text('utf-8')}"


def live_component(folder: Path, name: str, more: str = "") -> ComponentRenderer:
    """The component of the files called `name` in `folder`, a script and a style sheet.

    Its script finds `liveStreams`, `Chart` and `placed` of this folder's, and what is in `more`.
    Styles are not isolated: Plotly puts its own into the page.
    """
    style = folder / f"{name}.css"
    return st.components.v2.component(
        f"stream_{name}",
        js="\n".join((_SHARED, more, (folder / f"{name}.js").read_text("utf-8"))),
        css=style.read_text("utf-8") if style.exists() else None,
        isolate_styles=False,
    )


__all__ = ["PLOTLY_VERSION", "STREAM_JS", "live_component"]
