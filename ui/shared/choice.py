"""A row of buttons that always has a choice, kept when its page is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import streamlit as st

T = TypeVar("T")


def choose(
    label: str,
    options: Sequence[T],
    key: str,
    first: int = 0,
    format_func: Callable[[T], str] | None = None,
    label_visibility: Literal["visible", "hidden", "collapsed"] = "visible",
) -> T:
    """The chosen one of `options`; at the start, and where the choice is none of them any more,
    the one at index `first`."""
    return st.segmented_control(
        label,
        options,
        default=options[first],
        format_func=format_func,
        key=key,
        label_visibility=label_visibility,
        required=True,
        persist_state="session",
    )
