"""The knobs: each turn builds the network anew, and Design has the same one."""

from __future__ import annotations

import streamlit as st

from cnn.presets.knobs import Knobs, knobs_of, nearest_knobs
from ui.play import training
from ui.shared import state
from ui.shared.fields import field_widget

OF_DATA = ("train_images", "label_noise")


def show() -> None:
    """All knobs, one below the other."""
    play = state.get()
    if play.hidden or play.fixed:
        st.caption("This network comes from a link made for a lesson: its knobs stand still.")
        return
    exact = knobs_of(play.architecture)
    knobs = exact or nearest_knobs(play.architecture)

    def turn(name: str, value: object) -> None:
        training.rebuild(architecture=knobs.changed(**{name: value}).architecture())

    def set_data(name: str, value: object) -> None:
        training.rebuild(**{name: value})

    with st.container(key="play_knobs"):
        for name in Knobs.model_fields:
            field_widget(knobs, name, f"knob_{play.version}_{name}", turn, compact=True)
        for name in OF_DATA:
            key, usual = f"knob_{play.version}_{name}", "All of them"
            field_widget(play.settings, name, key, set_data, compact=True, when_empty=usual)
        if exact is None:
            st.caption("A network of another kind: the first knob you turn replaces it.")
