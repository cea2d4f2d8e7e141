"""The top of the Design page: a network to start from, undo and redo, and the way to training."""

from __future__ import annotations

import streamlit as st

from cnn.network import Row, failing_row
from cnn.presets import PRESETS
from ui.design import cards, undo_history
from ui.shared import state
from ui.shared.plain_text import plain
from ui.shared.projector import scaled

NOTHING = "Nothing: input and output alone"


def toolbar(rows: list[Row], problem: str | None, locked: bool) -> None:
    """One row of controls, and where the chosen preset comes from."""
    play = state.get()
    preset = PRESETS.get(play.preset or "")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _start_from(locked)
        _undo_and_redo(locked)
        st.space("stretch")
        _train(rows, problem)
    if preset is not None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            changed = f"Begun from {preset.label}, and changed since."
            st.caption(changed if play.is_changed else preset.about, width="content")
            with st.popover("Where it comes from", type="tertiary", icon=":material/history_edu:"):
                st.markdown(preset.history)
                st.caption(f"Source: {preset.source}")


def _start_from(locked: bool) -> None:
    play, names = state.get(), [state.EMPTY, *PRESETS]
    version, unchanged = play.version, _is_preset()
    # The field names no network that this is not.
    key = f"preset_{version}" if unchanged else f"preset_{version}_changed"

    def load() -> None:
        # A slow server may receive a choice twice, or be told again by the field that stood here
        # before the first change: it must not undo that.
        if (play.version, _is_preset()) == (version, unchanged):
            play.load_preset(st.session_state[key])

    st.selectbox(
        "Start from",
        names,
        names.index(play.preset) if play.preset and unchanged else None,
        format_func=lambda name: PRESETS[name].label if name in PRESETS else NOTHING,
        key=key,
        on_change=load,
        placeholder=play.title,
        width=scaled(300),
        disabled=locked,
    )


def _is_preset() -> bool:
    """Whether the network is a preset as it was taken."""
    play = state.get()
    return play.preset in PRESETS and not play.is_changed


def _undo_and_redo(locked: bool) -> None:
    history = undo_history.current()
    past, now, future = history.past, history.present, history.future
    for label, shortcut, step, change in (
        ("Undo", "Mod+Z", history.undo, (past[-1], now) if past else None),
        ("Redo", "Mod+Shift+Z", history.redo, (now, future[-1]) if future else None),
    ):
        st.button(
            label,
            icon=f":material/{label.lower()}:",
            key=label.lower(),
            shortcut=shortcut,
            help=f"{label}: {undo_history.describe(*change)}" if change else None,
            on_click=undo_history.restore,
            args=(step,),
            disabled=change is None or locked,
        )


def _train(rows: list[Row], problem: str | None) -> None:
    if failing := failing_row(rows):  # its card says what is wrong, and has the fixes
        st.button(
            f"Fix layer {failing.number} first",
            key="fix_first",
            icon=":material/build:",
            help=plain(problem) if problem else None,
            on_click=cards.choose,
            args=(failing.number,),
        )
        return
    if st.button(
        "Make it smaller first" if problem else "Train this network",
        key="train",
        type="primary",
        icon=":material/build:" if problem else ":material/model_training:",
        disabled=problem is not None,
        help=plain(problem) if problem else None,
    ):
        play = state.get()
        play.set_up_visit = play.visit + 1  # the next page's
        st.switch_page("pages/train.py")
