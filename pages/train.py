"""Train: choose data, device and settings, press Start, and watch the network learn."""

import streamlit as st

from cnn import runs
from ui.shared import state
from ui.train import form, live, run_controls

run = state.current_run()
active = run is not None and run.state in runs.ACTIVE


def last_run(run: runs.Run) -> None:
    """The current run's curves, with the buttons that act on it."""
    run_controls.title(run)
    run_controls.controls(run)
    live.watch(run)


# What the visitor came for stands first: the run while it trains, else the form to start one.
st.title("Train")
if run is not None and active:
    last_run(run)
    st.divider()
    st.subheader("Train another")
else:
    st.markdown(
        "Press the button and watch: the loss falling, the accuracy rising, the first filters "
        "forming. You can leave this page at any time; the training goes on."
    )
form.start_button()
form.settings_form()
if run is not None and not active:
    st.divider()
    last_run(run)
