"""A widget's value that no browser of Streamlit's sends counts as none.

Streamlit trusts what comes over the socket (`streamlit/runtime/state/session_state.py`, 1.67,
`WStates.__getitem__`): text that is no JSON, a number of five thousand digits or lists within lists
end in a traceback on the page, at every run until it is loaded again.
"""

from __future__ import annotations

import functools
import logging
from typing import Any

from streamlit.runtime.state import session_state

UNREADABLE = (ValueError, TypeError, AttributeError, IndexError, ArithmeticError, RecursionError)


def read_safely() -> None:
    """From now on, in this process. Once is enough. With a Streamlit that is built otherwise
    nothing changes, and the log says so."""
    states, value = (getattr(session_state, name, None) for name in ("WStates", "Value"))
    if states is None or value is None:
        logging.getLogger(__name__).warning("This Streamlit's values cannot be read safely.")
        return
    get = states.__getitem__
    if hasattr(get, "__wrapped__"):
        return

    @functools.wraps(get)
    def or_default(self: Any, key: str) -> Any:
        try:
            return get(self, key)
        except UNREADABLE:
            first = self.widget_metadata[key].deserializer(None)
            self.states[key] = value(first)
            return first

    states.__getitem__ = or_default
