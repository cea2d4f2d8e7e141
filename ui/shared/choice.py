"""A row of buttons that always has a choice, kept when its page is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import streamlit as st

from ui.shared import state

T = TypeVar("T")


def choose(label: str, options: Sequence[T], key: str, **look: Any) -> T:
    """The chosen one of `options`, the first at first; `look` goes to `st.segmented_control`."""
    chosen = st.segmented_control(
        label,
        options,
        default=state.remember(key, options[0], options),
        key=key,
        required=True,
        **look,
    )
    return state.keep(key, chosen)
