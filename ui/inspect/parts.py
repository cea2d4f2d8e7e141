"""The parts below the flow: only the open one computes."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ui import state
from ui.inspect import arithmetic, chosen_map
from ui.inspect.scene import Scene

PARTS: dict[str, tuple[str, Callable[[Scene], None]]] = {
    "Map": (":material/grid_view:", chosen_map.show),
    "Arithmetic": (":material/calculate:", arithmetic.show),
}


def show(scene: Scene) -> None:
    """A row of buttons and the part it opens."""
    names = list(PARTS)
    part = st.segmented_control(
        "Look closer",
        names,
        default=state.remember("inspect_part", names[0], names),
        format_func=lambda name: f"{PARTS[name][0]} {name}",
        key="inspect_part",
        required=True,
        label_visibility="collapsed",
    )
    state.keep("inspect_part", part)
    PARTS[part][1](scene)
