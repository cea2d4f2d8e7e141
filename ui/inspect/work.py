"""Long work on the page: with a progress bar, a Stop button, and its results remembered."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Protocol, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnn.common.progress import Progress
from ui.inspect.state import inspect_state

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
SHOW_AFTER = 0.35  # seconds before a bar is worth showing


class Work(Protocol[T_co]):
    """Work that reports its progress."""

    def __call__(self, *, progress: Progress) -> T_co:
        """Do it."""


@st.cache_resource(max_entries=128, show_spinner=False)
def _results(key: Hashable) -> list:
    """The result that depends on `key` (run, epoch, weights, image, settings); empty at first.

    One for all sessions.
    """
    return []


def at_once(key: Hashable, compute: Callable[[], T]) -> T:
    """The result of quick work, computed where it is not remembered."""
    kept = _results(key)
    if not kept:
        kept.append(compute())
    result: T = kept[0]
    return result


def long_work(
    key: Hashable,
    compute: Work[T],
    label: str,
    name: str,
    ask: str | None = None,
    icon: str = ":material/play_arrow:",
) -> T | None:
    """The result of long work, or None while it is not there.

    `compute(progress=...)` runs with a bar and a Stop button. Where `ask` is given, a button with
    that text starts it; else it starts by itself, and again only when asked after a stop. Any
    other click on the page interrupts it too: Streamlit ends a script when it next draws on the
    page, and the bar's next step does.
    """
    kept = _results(key)
    if kept:
        result: T = kept[0]
        return result
    state = inspect_state()

    def start() -> None:
        state.started[name] = key
        state.stopped.pop(name, None)

    def stop() -> None:
        state.started.pop(name, None)
        state.stopped[name] = key

    if state.stopped.get(name) == key or (ask and state.started.get(name) != key):
        st.button(ask or "Go on", icon=icon, key=f"{name}_start", on_click=start)
        return None
    place = st.empty()
    result = compute(progress=_bar(place, label, f"{name}_stop", stop))
    kept.append(result)
    state.started.pop(name, None)
    place.empty()
    return result


def _bar(place: DeltaGenerator, label: str, key: str, stop: Callable[[], None]) -> Progress:
    """What shows the progress in `place`, and a Stop button, once the work takes long."""
    began = time.monotonic()
    bar: DeltaGenerator | None = None

    def progress(share: float) -> None:
        nonlocal bar
        if bar is None:
            if time.monotonic() - began < SHOW_AFTER:
                return
            with place.container(horizontal=True, vertical_alignment="center"):
                bar = st.progress(0.0, text=label)
                st.button("Stop", icon=":material/stop:", key=key, on_click=stop)
        bar.progress(min(share, 1.0), text=label)

    return progress
