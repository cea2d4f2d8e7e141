"""The way from a run that waits to the paused run that has its device."""

from __future__ import annotations

import streamlit as st

from cnn import runs
from cnn.runs import waiting
from ui.shared import state


def show(run: runs.Run) -> None:
    """Where `run` waits for a paused run of the same workspace: a button that opens that one on
    Train, where it goes on or is stopped."""
    found = waiting.place(run)
    if not (found and found.behind and found.is_ones_own and found.behind.state == "paused"):
        return
    if st.button(
        "Open the paused run",
        icon=":material/pause_circle:",
        key="open_paused",
        help="It has the device until it goes on and ends, or is stopped.",
    ):  # no callback: Play has no such button any more once another run is chosen
        state.choose_run(found.behind.id)
        st.switch_page("pages/train.py")
