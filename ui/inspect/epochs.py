"""The epoch slider over the whole page, and the button that plays the epochs in order."""

from __future__ import annotations

import time

import streamlit as st

from cnn import runs
from cnn.runs import checkpoints
from ui.inspect.state import choices_in, inspect_state
from ui.inspect.widgets import by_hand
from ui.shared import state
from ui.shared.image_choice import ImageChoice

TICK = 0.9  # seconds between two epochs


def playing() -> bool:
    """Whether the epochs are being played."""
    return inspect_state().player.playing


def _options(run: runs.Run) -> list[int | str]:
    return [*run.checkpoints(), "newest" if run.state in runs.ACTIVE else "end"]


def _position(run: runs.Run, options: list[int | str]) -> int:
    """The index in `options` of the chosen epoch, or of the nearest where that is not kept any
    more; the last stands for the newest weights."""
    epoch = choices_in(run).epoch
    kept = [option for option in options if isinstance(option, int)]
    if epoch is None or (near := checkpoints.nearest(kept, epoch)) is None:
        return len(options) - 1
    return options.index(near)


def go_to(run: runs.Run, epoch: int | str, playing: bool = False) -> None:
    """Show that epoch from now on; the slider is made anew."""
    choices_in(run).epoch = epoch if isinstance(epoch, int) else None
    player = inspect_state().player
    player.playing = playing
    player.version += 1


def _play(run: runs.Run) -> None:
    """Start or stop; at the end it starts again from the first epoch."""
    player, options = inspect_state().player, _options(run)
    player.ticked = time.monotonic()
    position = _position(run, options)
    if not player.playing and position == len(options) - 1:
        position = 0
    go_to(run, options[position], not player.playing)


def _advance(run: runs.Run, options: list[int | str]) -> None:
    """One epoch on, where it is time; it stops at the end."""
    player = inspect_state().player
    if not player.playing or time.monotonic() - player.ticked < TICK * 0.6:
        return
    player.ticked = time.monotonic()
    last = len(options) - 1
    following = min(_position(run, options) + 1, last)
    go_to(run, options[following], following < last)


def choose_epoch(run: runs.Run) -> int | None:
    """The epoch whose weights are shown; None stands for the newest."""
    options = _options(run)
    if len(options) < 3:
        return None
    choice = state.page(ImageChoice)
    if choice.wanted_epoch and choice.wanted_epoch[0] == run.id:
        go_to(run, "end" if choice.wanted_epoch[1] is None else choice.wanted_epoch[1])
        choice.wanted_epoch = None
    _advance(run, options)
    value = options[_position(run, options)]
    player = inspect_state().player
    key = f"inspect_epoch_{run.id}_{hash(tuple(options))}_{player.version}"

    def moved(epoch: int | str) -> None:
        choices_in(run).epoch = epoch if isinstance(epoch, int) else None
        player.playing = False

    with st.container(
        horizontal=True, vertical_alignment="bottom", gap="small", wrap=False, key="inspect_epochs"
    ):
        with st.container(width="content", key="icon_only_play"):
            st.button(
                "Stop" if player.playing else "Play the epochs",
                icon=":material/pause:" if player.playing else ":material/play_arrow:",
                key="inspect_play",
                help="Watch it learn, epoch by epoch.",
                on_click=lambda: _play(run),
            )
        st.select_slider(
            "Weights after epoch",
            options,
            value,
            key=key,
            help="0 are the random weights before training.",
            on_change=by_hand(key, value, moved),
        )
    return value if isinstance(value, int) else None
