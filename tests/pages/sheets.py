"""The sheets that a visitor of a tested page has drawn on."""

from __future__ import annotations

from collections.abc import MutableMapping

from streamlit.testing.v1 import AppTest

from ui.shared.sheet import CanvasState, Sheet


def sheets_of(page: AppTest) -> MutableMapping[str, Sheet]:
    """By name."""
    pages = page.session_state.playground.pages
    return pages.setdefault(CanvasState, CanvasState()).sheets
