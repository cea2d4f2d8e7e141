"""Dragging with the mouse on the Design page: a card to another place, a layer from the palette.

The cards stay Streamlit's own; this component only watches the mouse over them, shows where the
layer would land, and reports where it was dropped. Keyboard and touch have buttons for the same.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from ui.shared.components import SHORTCUTS_JS
from ui.shared.reports import DROPPED, reported

_component = st.components.v2.component(
    "layer_drag", js=f"{SHORTCUTS_JS}\n{Path(__file__).with_suffix('.js').read_text('utf-8')}"
)


def drag_layers(dropped: Callable[[str, str, int], None], enabled: bool) -> None:
    """Let cards and palette be dragged; `dropped(what, id, place)` is called at the end.

    `what` is `card` (id: the card's uid) or `add` (id: the layer's kind); `place` counts the
    cards above the point where it was dropped.
    """
    key = "layer_drag"

    def on_drop() -> None:
        found = reported(key, "dropped", DROPPED)
        if found and enabled:
            dropped(found.what, found.id, found.place)

    _component(key=key, data={"enabled": enabled}, on_dropped_change=on_drop)
