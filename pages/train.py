"""Train: choose data, device and settings, press Start, and watch the network learn."""

import streamlit as st

from cnn import runs
from ui.shared import state, words
from ui.shared.live_region import say
from ui.train import form, live, run_controls
from ui.train.state import run_comes_first

run = state.current_run()
active = run is not None and run.state in runs.ACTIVE


def show_run(run: runs.Run, main: bool) -> None:
    """The current run: its result or progress, its buttons, its curves; `main`: the page's first
    button is one of them."""
    run_controls.title(run)
    say(run_controls.outcome(run), "train")
    run_controls.result(run, main)
    run_controls.controls(run, main)
    live.watch(run)


def show_form(main: bool) -> None:
    """What to train, and the button; `main`: it is the page's first."""
    form.start_button(main)
    form.settings_form()


# What the visitor came for stands first: the run while it trains and when it has ended, else the
# form to start one.
st.title("Train")
if run is not None and run_comes_first(run, active):
    show_run(run, main=True)
    with st.expander("Train another", icon=":material/tune:", key="train_another"):
        show_form(main=False)
else:
    words.sentences(
        "Press the button and watch: the loss falling, the accuracy rising, the first filters "
        "forming. You can leave this page at any time; the training goes on.",
        "train",
    )
    show_form(main=True)
    if run is not None:
        st.divider()
        show_run(run, main=False)
