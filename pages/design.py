"""Design: put a network together layer by layer."""

import streamlit as st

from ui.design import cards, drag, export, palette, try_before_training
from ui.design.advice_list import advice_list
from ui.design.network_picture import network_picture
from ui.design.toolbar import toolbar
from ui.design.totals import totals
from ui.shared import share_link, state, tour, words

st.title("Design")
words.sentences(
    "Put a network together layer by layer. Shapes and sizes follow every change at once.", "design"
)
cards.styles()


@st.fragment
def network() -> None:
    """The whole page but its title: a moved slider redraws only this."""
    with st.container(key="design"):
        parts()


def parts() -> None:
    """Toolbar, picture, palette and cards, and what can be done with the network."""
    play = state.get()
    architecture = play.architecture
    rows, problem = architecture.table(), architecture.problem()
    locked, hidden = "architecture" in play.fixed, "architecture" in play.hidden

    share_link.lesson_note()
    toolbar(rows, problem, locked or hidden)
    network_picture(rows, cards.chosen_number(), play.title, cards.choose)
    if hidden:
        totals(architecture)
        st.info("The link that you opened keeps the layers of this network to itself.")
        return
    left, middle, right = st.columns([1.4, 5.4, 1.9], gap="medium")
    with left:
        palette.palette(locked)
    with middle:
        cards.layer_list(rows, architecture, problem, locked)
        drag.drag_layers(palette.drop, enabled=not locked)
    with right, st.container(key="side"):
        totals(architecture)
        advice_list(architecture)
    try_before_training.section(architecture, problem)
    export.section(architecture, problem)
    tour.catch_up()


network()
