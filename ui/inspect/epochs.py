"""The epoch slider over the whole page, and the button that plays it like a film."""

from __future__ import annotations

import time

import streamlit as st

from cnn import runs
from ui.inspect.scene import by_hand
from ui.shared import state

TICK = 0.9


def playing() -> bool:
    """Whether the film runs."""
    return bool(state.remember("inspect_playing", False))


def _options(run: runs.Run) -> list[int | str]:
    newest = "newest" if run.state in runs.ACTIVE else "end"
    return [*run.checkpoints(), newest]


def _play(run: runs.Run, name: str) -> None:
    """Start or stop; a film that stands at its end begins anew."""
    now = state.keep("inspect_playing", not playing())
    state.keep("inspect_ticked", time.monotonic())
    options = _options(run)
    _moved()
    if now and state.remember(name, options[-1], options) == options[-1]:
        state.keep(name, options[0])


def _moved() -> None:
    """The epoch is changed by us, not by hand: the slider is made anew."""
    state.keep("inspect_film", state.remember("inspect_film", 0) + 1)


def _advance(options: list[int | str], name: str) -> None:
    """One epoch on, where it is time; the film stops at its end."""
    if not playing() or time.monotonic() - state.remember("inspect_ticked", 0.0) < TICK * 0.6:
        return
    state.keep("inspect_ticked", time.monotonic())
    _moved()
    place = options.index(state.remember(name, options[-1], options))
    state.keep(name, options[min(place + 1, len(options) - 1)])
    if place + 1 >= len(options) - 1:
        state.keep("inspect_playing", False)


def choose_epoch(run: runs.Run) -> int | None:
    """The epoch whose weights are looked at; None stands for the newest."""
    options = _options(run)
    if len(options) < 3:
        return None
    name = f"inspect_epoch_{run.id}"
    _advance(options, name)
    value = state.remember(name, options[-1], options)
    key = f"{name}_{len(options)}_{options[-1]}_{state.remember('inspect_film', 0)}"

    def moved(epoch: int | str) -> None:
        state.keep(name, epoch)
        state.keep("inspect_playing", False)

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.button(
            ":material/pause:" if playing() else ":material/play_arrow:",
            key="inspect_play",
            help="Watch it learn: the page after each epoch, one after the other.",
            on_click=lambda: _play(run, name),
        )
        st.select_slider(
            "Weights after epoch",
            options,
            value,
            key=key,
            help="0 are the random weights before training.",
            on_change=by_hand(key, value, moved),
        )
    return None if isinstance(value, str) else value


def go_to(run: runs.Run, epoch: int) -> None:
    """Look at that epoch from now on."""
    _moved()
    state.keep(f"inspect_epoch_{run.id}", epoch)
    state.keep("inspect_playing", False)
