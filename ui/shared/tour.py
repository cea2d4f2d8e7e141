"""The tour of a first visit: five steps on four pages, each done by the visitor's own action.

A page tells what was done there (`did`); the step that waits for it is then over. That the tour was
offered is kept in a cookie, so that it is offered once.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Literal, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnn import runs
from ui.shared import state

Action = Literal["train", "knob", "layer", "map", "drawing"]
COOKIE = "cnn_tour"
TRAINED = "example-compact"  # what is looked into and read with


class Step(NamedTuple):
    """Where it is, what to do there, and the action that ends it."""

    page: str
    title: str
    words: str
    action: Action


STEPS = (
    Step(
        "play",
        "Train a network",
        "Press **Train**: it learns to read digits, and every picture below changes as it does.",
        "train",
    ),
    Step(
        "play",
        "Turn a knob",
        "Choose other **Filters** or another **Pooling**: another network stands there at once.",
        "knob",
    ),
    Step(
        "design",
        "Add a layer",
        "The same network, layer by layer. Press a layer in the list *Add a layer*, and see what "
        "it does to the shapes.",
        "layer",
    ),
    Step(
        "inspect",
        "Look inside",
        "An image on its way through a trained network. **Press one of the small maps**: below "
        "stands how its values are computed.",
        "map",
    ),
    Step(
        "draw",
        "Write a digit",
        "**Write one on the sheet**, with the mouse or a finger, and it is read.",
        "drawing",
    ),
)
_JS = f"""
export default function () {{
  document.cookie = "{COOKIE}=offered; max-age=31536000; path=/; SameSite=Lax";
}}
"""
_remember = st.components.v2.component("tour_offered", js=_JS)


@dataclass
class TourState:
    """`at`: the step that is next, None outside the tour; `answered`: the offer was, in this
    session; `moved`: a step has ended that the page does not show yet."""

    at: int | None = None
    answered: bool = False
    moved: bool = False


def start() -> None:
    """Begin it."""
    mine = state.page(TourState)
    mine.at, mine.answered = 0, True


def leave() -> None:
    """End it, or decline it."""
    mine = state.page(TourState)
    mine.at, mine.answered = None, True


def did(action: Action) -> None:
    """A visitor has done this: the step that waits for it is over."""
    mine = state.page(TourState)
    if mine.at is None or mine.at >= len(STEPS) or STEPS[mine.at].action != action:
        return
    mine.at, mine.moved = mine.at + 1, True
    if mine.at < len(STEPS) and STEPS[mine.at].page == "inspect":
        with contextlib.suppress(runs.RunError):
            state.choose_run(runs.open_run(TRAINED).id)


def catch_up() -> None:
    """In a fragment: run the whole page where a step has ended."""
    if state.page(TourState).moved:
        st.rerun()


def show() -> None:
    """Above every page: the step that is next; on Play, at a first visit, the offer.

    The container stands there always: one that comes or goes would move all elements of the page
    to other places in Streamlit's tree, and the browser would make them anew.
    """
    mine, play = state.page(TourState), state.get()
    page = play.page or "play"
    mine.moved = False
    with st.container(key="tour"):
        if mine.at is not None:
            _step(mine.at, page)
        elif page == "play" and not (play.projector or mine.answered or _was_offered()):
            _offer()
        if mine.answered and not _was_offered():
            _remember(key="refresh_tour_offered")  # a name that the style sheet hides


def _was_offered() -> bool:
    """At an earlier visit with this browser."""
    return st.context.cookies.get(COOKIE) == "offered"


def _offer() -> None:
    with _row("tour_offer"):
        st.markdown(
            "**New here?** Three minutes show it all: train, design, look inside, draw.",
            width="content",
        )
        st.button("Take the tour", key="tour_start", icon=":material/tour:", on_click=start)
        st.button("No, thanks", key="tour_decline", type="tertiary", on_click=leave)


def _row(key: str) -> DeltaGenerator:
    """The offer's place, then a step's: of one height, so that nothing below moves."""
    return st.container(horizontal=True, vertical_alignment="center", gap="small", key=key)


def _step(at: int, page: str) -> None:
    with _row("tour_step"):
        if at >= len(STEPS):
            st.markdown(
                ":material/check: **That was the tour.** Why all this works is in ten lessons of "
                "five minutes.",
                width="stretch",
            )
            st.page_link("pages/learn.py", label="Learn", icon=":material/school:")
            st.button("Close", key="tour_leave", type="tertiary", on_click=leave)
            return
        step = STEPS[at]
        done = ":material/check: " if at else ""
        st.markdown(
            f"{done}**Tour, {at + 1} of {len(STEPS)}: {step.title}.** {step.words}",
            width="stretch",
        )
        if page != step.page:
            name = step.page.capitalize()
            st.page_link(
                f"pages/{step.page}.py", label=f"Open {name}", icon=":material/arrow_forward:"
            )
        st.button("Leave the tour", key="tour_leave", type="tertiary", on_click=leave)
