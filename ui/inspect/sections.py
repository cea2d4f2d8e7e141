"""The parts below the flow: only the open one computes."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ui.inspect import (
    arithmetic,
    chosen_map,
    filters,
    space3d,
    surgery,
    test_set,
    through_time,
    where_it_looks,
)
from ui.inspect.scene import Scene, feed
from ui.shared import state

PARTS: dict[str, tuple[str, Callable[[Scene], None]]] = {
    "Map": (":material/grid_view:", chosen_map.show),
    "Arithmetic": (":material/calculate:", arithmetic.show),
    "Filters": (":material/filter_alt:", filters.show),
    "Where it looks": (":material/center_focus_strong:", where_it_looks.show),
    "Through time": (":material/timeline:", through_time.show),
    "Surgery": (":material/healing:", surgery.show),
    "Test set": (":material/scatter_plot:", test_set.show),
    "In 3D": (":material/view_in_ar:", space3d.show),
}


def show(scene: Scene) -> None:
    """A row of buttons and the part it opens."""
    names = list(PARTS)
    feed("inspect_part", state.remember("inspect_part", names[0], names))
    part: str = st.segmented_control(  # type: ignore[assignment]
        "Look closer",
        names,
        format_func=lambda name: f"{PARTS[name][0]} {name}",
        key="inspect_part",
        required=True,
        label_visibility="collapsed",
    )
    state.keep("inspect_part", part)
    PARTS[part][1](scene)
