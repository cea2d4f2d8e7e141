"""Choosing a run, on every page that looks at one; and the empty state that leads to training."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cnn import runs
from ui.shared import state


def labels_of(found: Sequence[runs.Run]) -> dict[str, str]:
    """What to call each run, by its id: its name, and its time where others have that name."""
    names = [run.name for run in found]
    return {
        run.id: run.name
        if names.count(run.name) == 1
        else f"{run.name} · {run.id[4:8]} {run.id[9:11]}:{run.id[11:13]}:{run.id[13:15]}"
        for run in found
    }


def pick_run(need_weights: bool = True) -> runs.Run:
    """A select box of all runs, the current one chosen. Stops the page where there is none."""
    found = runs.list_runs()
    if not found:
        empty(
            "No network has been trained yet.",
            "Train one first: the default network takes less than a minute.",
        )
    ids = [run.id for run in found]
    play = state.get()
    if play.run_id not in ids:
        state.choose_run(ids[0])
    key = f"run_picker_{play.page}_{play.run_id}"
    labels = labels_of(found)

    def chosen() -> None:
        if st.session_state[key] in ids:  # a label sent by a page that knew another name is not
            state.choose_run(st.session_state[key])

    st.selectbox(
        "Run",
        ids,
        ids.index(play.run_id) if play.run_id in ids else 0,
        format_func=lambda i: labels[i],
        key=key,
        on_change=chosen,
    )
    run = runs.open_run(play.run_id or ids[0])
    if need_weights:
        try:
            run.weights_path()
        except runs.RunError as error:
            empty(str(error), "Its first weights appear a few seconds after the start.")
    return run


def empty(problem: str, way_forward: str) -> None:
    """Say what is missing, show the button that mends it, and end the page."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f"#### {problem}")
        st.markdown(way_forward)
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
    st.stop()
