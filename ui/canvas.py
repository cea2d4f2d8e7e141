"""The drawing canvas, whose drawing outlives a page switch."""

from __future__ import annotations

from typing import Any

from streamlit_drawable_canvas import st_canvas

from ui import state

SIZE = 280


def canvas(brush: int) -> dict[str, Any] | None:
    """Draw the canvas; returns the drawing (Fabric.js JSON) or None for an empty sheet.

    The component forgets its drawing when its page is left. It is kept in our state and handed
    back once, at the next visit: handing it back at every rerun would redraw under the hand.
    """
    play = state.get()
    result = st_canvas(
        stroke_width=brush,
        stroke_color="#ffffff",
        background_color="#0d1117",
        width=SIZE,
        height=SIZE,
        drawing_mode="freedraw",
        initial_drawing=play.drawing_shown,
        key=f"canvas_{play.visit}",
    )
    if result.json_data is not None:
        play.drawing = result.json_data
    return play.drawing if (play.drawing or {}).get("objects") else None
