"""The sections below the flow: only the open one computes."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ui.inspect import (
    arithmetic,
    chosen_map,
    filters,
    over_epochs,
    space3d,
    surgery,
    test_set,
    where_it_looks,
)
from ui.inspect.scene import Scene
from ui.inspect.widgets import set_initial

SECTIONS: dict[str, tuple[str, Callable[[Scene], None]]] = {
    "Map": (":material/grid_view:", chosen_map.show),
    "Arithmetic": (":material/calculate:", arithmetic.show),
    "Filters": (":material/filter_alt:", filters.show),
    "Where it looks": (":material/center_focus_strong:", where_it_looks.show),
    "Over the epochs": (":material/timeline:", over_epochs.show),
    "Surgery": (":material/healing:", surgery.show),
    "Test set": (":material/scatter_plot:", test_set.show),
    "In 3D": (":material/view_in_ar:", space3d.show),
}


def show(scene: Scene) -> None:
    """A row of buttons and the section it opens."""
    set_initial("inspect_section", "Map")  # not a default: a click on a pixel sets it, too
    section = st.segmented_control(
        "Look closer",
        list(SECTIONS),
        format_func=lambda name: f"{SECTIONS[name][0]} {name}",
        key="inspect_section",
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )
    SECTIONS[section or "Map"][1](scene)
