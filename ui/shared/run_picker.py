"""Choosing a run, on every page that looks at one; and the empty state that leads to training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from cnn import runs
from ui.shared import state


def labels_of(found: Sequence[runs.Run]) -> dict[str, str]:
    """What to call each run, by its id: its name; that it is an example; its time where others have
    that name."""
    count = Counter(run.name for run in found if not run.is_example)

    def label(run_id: str, name: str) -> str:
        date, time = run_id[4:8], f"{run_id[9:11]}:{run_id[11:13]}:{run_id[13:15]}"
        return name if count[name] == 1 else f"{name} · {date} {time}"

    return {
        run.id: f"{run.name} · example" if run.is_example else label(run.id, run.name)
        for run in found
    }


def pick_run(need_weights: bool = True) -> runs.Run:
    """A select box of all runs, the current one chosen. Stops the page where there is none."""
    play = state.get()  # first: it runs app.py where a visit began without it
    found = runs.list_runs()
    if not found:
        way_on = "Train one first: the default network takes less than a minute."
        empty("No network has been trained yet.", way_on)
    ids, labels = [run.id for run in found], labels_of(found)
    if play.run_id not in ids:
        state.choose_run(ids[0])
    key = f"run_picker_{play.page}_{play.run_id}"

    def chosen() -> None:
        if st.session_state[key] in ids:  # the page may know a run that is gone
            state.choose_run(st.session_state[key])

    st.selectbox(
        "Run",
        ids,
        ids.index(play.run_id) if play.run_id in ids else 0,
        format_func=labels.__getitem__,
        key=key,
        on_change=chosen,
    )
    run = runs.open_run(play.run_id or ids[0])
    if need_weights:
        try:
            run.weights_path()
        except runs.RunError as error:
            empty(str(error), "They appear a few seconds after the start.")
    return run


def empty(problem: str, way_forward: str) -> None:
    """Say what is missing, show the link to Train, and end the page."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f"#### {problem}")
        st.markdown(way_forward)
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
    st.stop()
