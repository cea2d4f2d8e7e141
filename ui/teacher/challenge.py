"""Setting a challenge for the class."""

from __future__ import annotations

import streamlit as st

from cnn import runs
from cnn.datasets import DATASETS, is_on_disk
from cnn.runs import challenge
from ui.shared import challenge as board
from ui.shared import state
from ui.shared.plain_text import plain


def show() -> None:
    """The challenge with its board, or the form that sets one."""
    if challenge.current() is not None:
        board.show()
        st.button("End the challenge", icon=":material/flag:", key="challenge_end", on_click=_end)
        return
    st.caption(
        "Everybody sees it on Compare, with a board of the runs that keep to it, the best first. "
        "It stands until you end it."
    )
    title = st.text_input(
        "Title", "The best network under 10,000 parameters", max_chars=120, key="challenge_title"
    )
    grid = st.grid(4, min_column_width=170, vertical_alignment="bottom")
    names = [name for name in DATASETS if is_on_disk(name)]
    dataset = grid.selectbox(
        "Data set", names, format_func=lambda name: DATASETS[name].label, key="challenge_dataset"
    )
    figure = grid.selectbox(
        "What counts",
        list(board.FIGURES),
        format_func=board.FIGURES.__getitem__,
        key="challenge_figure",
    )
    parameters = grid.number_input(
        "Most parameters", 0, 10**9, 10_000, 1000, key="challenge_parameters", help="0: any number."
    )
    seconds = grid.number_input(
        "Most seconds of training", 0, 36_000, 0, 10, key="challenge_seconds", help="0: any number."
    )
    asked = {
        "title": title.strip(),
        "dataset": dataset,
        "figure": figure,
        "max_parameters": int(parameters) or None,
        "max_seconds": int(seconds) or None,
    }
    st.button(
        "Set the challenge",
        type="primary",
        icon=":material/trophy:",
        key="challenge_set",
        on_click=_set,
        args=(asked,),
    )


def _set(asked: dict[str, object]) -> None:
    try:
        challenge.set_challenge(**asked)
    except runs.RunError as error:
        state.get().notice = plain(str(error))


def _end() -> None:
    try:
        challenge.end_challenge()
    except runs.RunError as error:
        state.get().notice = plain(str(error))
