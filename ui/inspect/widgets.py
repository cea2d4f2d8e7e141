"""What the page's controls share: kept values, and changes that are really the visitor's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

T = TypeVar("T")


def set_initial(key: str, value: object) -> None:
    """Give a widget the value kept for it, where it has none of its own."""
    if key not in st.session_state:
        st.session_state[key] = value


def by_hand(key: str, shown: T, act: Callable[[T], None]) -> Callable[[], None]:
    """An `on_change` that acts on a value other than the one the widget was made with.

    The browser reports a new widget's value once; Streamlit takes that for a change, and would
    take back whatever was chosen by a click in a picture meanwhile.
    """

    def changed() -> None:
        value: T = st.session_state[key]
        if value != shown:
            act(value)

    return changed
