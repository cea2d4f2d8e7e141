"""Long work on the page: with a progress bar, a Stop button, and its results remembered."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import streamlit as st

from cnn.common.progress import Stopped
from ui.shared import state

MOST = 128
PATIENCE = 0.35  # seconds before a bar is worth showing


class Memory:
    """The newest results, by what they depend on (run, epoch, weights, image, settings)."""

    def __init__(self) -> None:
        self.items: OrderedDict[Hashable, Any] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, key: Hashable) -> Any:
        """The result, or None."""
        with self.lock:
            if key in self.items:
                self.items.move_to_end(key)
            return self.items.get(key)

    def put(self, key: Hashable, value: Any) -> Any:
        """Keep a result; the oldest goes where there are too many."""
        with self.lock:
            self.items[key] = value
            while len(self.items) > MOST:
                self.items.popitem(last=False)
        return value


@st.cache_resource(show_spinner=False)
def memory() -> Memory:
    """One for all sessions."""
    return Memory()


def at_once(key: Hashable, compute: Callable[[], Any]) -> Any:
    """The result of quick work, computed where it is not remembered."""
    found = memory().get(key)
    return memory().put(key, compute()) if found is None else found


def long_work(
    key: Hashable,
    compute: Callable[..., Any],
    label: str,
    name: str,
    ask: str | None = None,
    icon: str = ":material/play_arrow:",
) -> Any:
    """The result of long work, or None while it is not there.

    `compute(progress=...)` runs with a bar and a Stop button. Where `ask` is given, a button with
    that text starts it; else it starts by itself, and again only when asked after a stop. Any
    other click on the page interrupts it too: Streamlit ends a script at its next word to the
    page, and the bar's next step is one.
    """
    found = memory().get(key)
    if found is not None:
        return found
    wanted = f"inspect_wanted_{name}"
    stopped = f"inspect_stopped_{name}"

    def start() -> None:
        state.keep(wanted, key)
        state.keep(stopped, None)

    def stop() -> None:
        state.keep(wanted, None)
        state.keep(stopped, key)

    if state.remember(stopped, None) == key or (ask and state.remember(wanted, None) != key):
        st.button(ask or "Go on", icon=icon, key=f"{name}_start", on_click=start)
        return None
    place = st.empty()
    began = time.monotonic()
    bar: Any = None

    def progress(share: float) -> None:
        nonlocal bar
        if bar is None:
            if time.monotonic() - began < PATIENCE:
                return
            with place.container(horizontal=True, vertical_alignment="center"):
                bar = st.progress(0.0, text=label)
                st.button("Stop", icon=":material/stop:", key=f"{name}_stop", on_click=stop)
        bar.progress(min(share, 1.0), text=label)

    try:
        result = compute(progress=progress)
    except Stopped:
        return None
    memory().put(key, result)
    state.keep(wanted, None)
    place.empty()
    return result
