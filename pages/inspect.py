"""Inspect: one image through the network, and everything that can be asked about it."""

import streamlit as st

from cnn import runs
from ui.inspect import images, page_style
from ui.inspect.epochs import TICK, choose_epoch, playing
from ui.shared import loading, state, tour, words
from ui.shared.following import refreshed_without_stream
from ui.shared.image_choice import ImageChoice
from ui.shared.plain_text import plain
from ui.shared.projector import scaled
from ui.shared.refresh import refreshing
from ui.shared.run_picker import empty, pick_run

page_style.apply()
with st.container(horizontal=True, vertical_alignment="center", key="inspect_head"):
    st.title("Inspect", width="content")
    words.sentences(
        "Follow one image through your network, and ask every number where it came from.",
        "inspect",
        width="content",
    )
    st.space("stretch")
    run_place = st.container(width=scaled(290), key="inspect_run")


def look(was_playing: bool, was_training: bool) -> None:
    """All of the page that depends on its controls."""
    run = state.current_run()
    if run is None:
        st.rerun()
        return
    loading.wait()
    with st.container(key="inspect_look"):
        _picture_and_parts(run, was_playing, was_training)


def _picture_and_parts(run: runs.Run, was_playing: bool, was_training: bool) -> None:
    """The controls, the network's picture, and the part of it that is open."""
    with st.container(
        horizontal=True, vertical_alignment="bottom", gap="small", key="inspect_controls"
    ):
        chosen = images.choose_image(run)
        epoch = choose_epoch(run)
    images.note(run)
    if (playing(), run.state in runs.ACTIVE) != (was_playing, was_training):
        st.rerun()  # the whole page: how often it refreshes is settled there
    if chosen is None:
        return
    from ui.inspect import flow, scene, sections  # with torch: not before the controls are shown

    try:
        shown = scene.make(run, epoch, *chosen)
    except runs.RunError as error:
        st.error(plain(error), icon=":material/error:")
        return
    flow.show(shown)
    with st.container(key="inspect_tabs"):
        sections.show(shown)
    tour.catch_up()


if state.page(ImageChoice).back_to == "evaluate":
    st.page_link("pages/evaluate.py", label="Back to Evaluate", icon=":material/arrow_back:")
chosen_run = pick_run(place=run_place, label="collapsed")
if state.current_run() is None:
    empty("This run is gone.", "Choose another, or train a new one.")
played, training = playing(), chosen_run.state in runs.ACTIVE
if training and not played:  # its stream moves the picture, and the end of an epoch the rest
    refreshed_without_stream(look, chosen_run)(played, training)
else:
    refreshing(look, TICK if played else None, "look")(played, training)
