"""The list of the lessons, and the experiments."""

from __future__ import annotations

import streamlit as st

from cnn.lessons import GLOSSARY, LESSONS
from cnn.presets import EXPERIMENTS
from ui.learn.state import get, go
from ui.shared import state, tour
from ui.shared.plain_text import plain


def show() -> None:
    """The path, what to try, the words."""
    st.title("How does a machine see a digit?")
    st.markdown(
        "Ten lessons of five minutes, from pixels to back-propagation: each is something to move, "
        "and what you make there goes into a network of your own."
    )
    for problem in get().problems:
        st.info(plain(problem), icon=":material/link_off:")
    st.button(
        "Take the tour of the app first",
        key="tour_again",
        icon=":material/tour:",
        type="tertiary",
        on_click=tour.start,
    )
    _lessons()
    st.header("Experiments to try")
    st.caption("Each sets up a network and its settings. Press the button, then Train, and watch.")
    _experiments()
    with st.expander("The words, A to Z", icon=":material/menu_book:"):
        for term in sorted(GLOSSARY):
            st.markdown(f"**{term.capitalize()}.** {GLOSSARY[term]}")


def _lessons() -> None:
    """A card for each lesson."""
    done = get().done
    grid = st.grid(5, min_column_width=190, border=True)
    first_open = next((one.id for one in LESSONS if one.id not in done), None)
    for number, lesson in enumerate(LESSONS, 1):
        with grid.cell():
            st.markdown(f"{lesson.icon} **{number}. {lesson.title}**")
            st.caption(", ".join(lesson.terms))
            words = "Again" if lesson.id in done else "Open"
            st.button(
                words,
                key=f"open_{lesson.id}",
                icon=":material/check:" if lesson.id in done else ":material/arrow_forward:",
                type="primary" if lesson.id == first_open else "secondary",
                on_click=go,
                args=(lesson.id,),
            )


def _experiments() -> None:
    """Every experiment with its question and the button that sets it up."""
    grid = st.grid(5, min_column_width=190, border=True)
    for experiment in EXPERIMENTS:
        with grid.cell():
            st.markdown(f"**{experiment.title}**")
            st.markdown(experiment.question)
            st.caption(f":material/visibility: {experiment.look_for}")
            if st.button("Set it up", key=f"try_{experiment.name}", icon=":material/science:"):
                state.get().set_up(experiment)
                st.switch_page("pages/train.py")
