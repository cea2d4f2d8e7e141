"""Buttons that show an icon alone, with a name for those who hear the page."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st


def icon_button(
    name: str,
    icon: str,
    key: str,
    on_click: Callable[[], None],
    shortcut: str | None = None,
    disabled: bool = False,
    help: str | None = None,
) -> None:
    """A button with a Material icon. `name` is what it is called where it is not seen (the page's
    style sheet hides it), and its tooltip, unless `help` says more."""
    st.button(
        name,
        icon=f":material/{icon}:",
        key=f"icon_{key}",
        help=help or name,
        on_click=on_click,
        shortcut=shortcut,
        disabled=disabled,
    )
