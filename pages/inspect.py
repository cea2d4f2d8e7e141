"""Inspect: one image through the network, and everything that can be asked about it."""

import streamlit as st

from cnn import runs
from ui import state
from ui.inspect import flow, images, parts, scene
from ui.inspect.epochs import TICK, choose_epoch, playing
from ui.runpicker import empty, pick_run

st.title("Inspect")
st.markdown("Follow one image through your network, and ask every number where it came from.")


def look() -> None:
    """All of the page that answers to its controls."""
    run = state.current_run()
    if run is None:
        st.rerun()
        return
    with st.container(border=True):
        chosen = images.choose_image(run)
        epoch = choose_epoch(run)
    if chosen is None:
        return
    try:
        shown = scene.make(run, epoch, *chosen)
    except runs.RunError as error:
        st.error(str(error), icon=":material/error:")
        return
    flow.show(shown)
    parts.show(shown)


chosen_run = pick_run()
if state.current_run() is None:
    empty("This run is gone.", "Choose another, or train a new one.")
training = chosen_run.state in runs.ACTIVE
st.fragment(look, run_every=TICK if playing() else 2.0 if training else None)()
