"""Play: one screen on which everything moves while the network learns."""

import streamlit as st

from ui.play import address, bar, dares, data, inputs, knobs, stage, training
from ui.play.state import get
from ui.play.style import CSS, PROJECTOR_CSS
from ui.shared import models, state, words
from ui.shared.following import refreshed_without_stream
from ui.shared.refresh import refreshing

LOADING_SECONDS = 1.0  # how often the page looks whether PyTorch is loaded

address.open_link()
st.html(CSS + (PROJECTOR_CSS if state.get().projector else ""))
run = training.run_of_now()
with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="play_words"):
    st.title("Press Train and watch a network learn to read digits", width="content")
    words.sentences(
        f"Every picture below is what one layer sees. {training.parameters(state.get().settings)}",
        "play",
        width="content",
    )
bar.show(run)


def desk(was_loading: bool) -> None:
    """What goes in, the stage, the knobs."""
    shown, mine = training.run_of_now(), get()
    if mine.changed or (was_loading and models.known_devices() is not None):
        mine.changed = False
        st.rerun()  # the whole page: bar, sidebar and address follow
    with st.container(key="play_desk"):
        left, middle, right = st.columns([1.25, 5.2, 1.15], gap="small")
    with left:
        drawing = inputs.drawing()
        data.show()
    with middle:
        stage.show(shown, inputs.one_of_each(shown), drawing)
    with right:
        knobs.show()


loading = models.known_devices() is None and not models.loading_problem()
if run is not None and not loading:
    refreshed_without_stream(desk, run)(loading)
else:
    refreshing(desk, LOADING_SECONDS if loading else None, "play")(loading)
dares.show()
address.write()
