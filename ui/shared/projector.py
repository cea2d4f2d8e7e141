"""Projector mode: larger type and maps, no sidebar, the names of the pages along the top.

It stands in the address, so that a link opens in it.
"""

from __future__ import annotations

import streamlit as st

from ui.shared import state

LARGER = 1.25  # of projector.css's type against the usual
TICKS = 16  # pixels: of a chart's small type


def scaled(width: int) -> int:
    """A width in pixels for something with text in it: larger where the type is."""
    return round(width * LARGER) if state.get().projector else width


def enter_button() -> None:
    """Switches it on; for the sidebar."""
    st.button(
        "Projector mode",
        icon=":material/cast_for_education:",
        key="projector",
        type="tertiary",
        help="Larger type and maps, and no sidebar.",
        on_click=state.set_projector,
        args=(True,),
    )


def leave_button() -> None:
    """Switches it off, where it is on."""
    if state.get().projector:
        st.button(
            "Leave projector mode",
            icon=":material/close:",
            key="leave_projector",
            type="tertiary",
            on_click=state.set_projector,
            args=(False,),
        )
