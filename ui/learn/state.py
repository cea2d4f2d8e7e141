"""What Learn keeps for a session: the open lesson, what was moved in each, which are done."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn.lessons import LESSONS, State, default_state, read_state, write_state
from cnn.lessons.catalogue import BY_ID
from ui.shared import state

LESSON, DONE = "lesson", "done"


@dataclass
class LearnState:
    """`lesson`: the open one's id, None on the list; `mounts` counts how often a lesson began anew;
    `images`: what a lesson's networks were last given, uint8 `(28, 28)`, where it was moved there;
    `drawings`: what was drawn in it, until a digit is chosen again;
    `answers`: the index of the answer chosen to each question; `read`: the visit for which the
    address was read."""

    lesson: str | None = None
    states: dict[str, State] = field(default_factory=dict)
    mounts: dict[str, int] = field(default_factory=dict)
    images: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    drawings: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    read: int = -1
    problems: list[str] = field(default_factory=list)


def get() -> LearnState:
    """This session's."""
    return state.page(LearnState)


def state_of(lesson: str) -> State:
    """What is moved in a lesson now."""
    return get().states.setdefault(lesson, default_state(BY_ID[lesson].fields))


def open_link() -> None:
    """Take lesson, state and progress from the address, once a visit; say what is not allowed."""
    mine, visit = get(), state.get().visit
    if mine.read == visit:
        return
    mine.read = visit
    given = st.query_params.to_dict()
    numbers = re.findall(r"(?<![^-])[0-9]{1,2}(?![^-])", given.get(DONE, "")[:100])
    mine.done |= {LESSONS[int(n) - 1].id for n in numbers if 0 < int(n) <= len(LESSONS)}
    wanted = given.get(LESSON)
    if wanted is None:
        return
    if wanted not in BY_ID:
        mine.problems = [f"There is no lesson '{wanted[:40]}'. These are the lessons:"]
        mine.lesson = None
        return
    mine.lesson = wanted
    if any(name in given for name in BY_ID[wanted].fields):
        mine.states[wanted], mine.problems = read_state(BY_ID[wanted].fields, given)
        begin_anew(wanted)


def begin_anew(lesson: str) -> None:
    """Let the browser take the lesson's state from here."""
    mine = get()
    mine.mounts[lesson] = mine.mounts.get(lesson, 0) + 1
    for kept in (mine.images, mine.drawings):
        kept.pop(lesson, None)


def go(lesson: str | None) -> None:
    """Open a lesson, or the list."""
    get().lesson, get().problems = lesson, []


def take(lesson: str, moved: object) -> None:
    """Keep what was moved in the browser; what is not allowed is left out."""
    if isinstance(moved, Mapping):
        mine = get()
        mine.states[lesson], _ = read_state(BY_ID[lesson].fields, moved)
        for kept, name in ((mine.images, "image"), (mine.drawings, "drawing")):
            image = sent_image(moved.get(name))
            if image is None:
                kept.pop(lesson, None)
            else:
                kept[lesson] = image


def sent_image(packed: object) -> NDArray[np.uint8] | None:
    """An image that the browser sent, 784 bytes in base64; None for anything else."""
    if not isinstance(packed, str) or len(packed) > 2000:
        return None
    try:
        pixels = np.frombuffer(base64.b64decode(packed, validate=True), np.uint8)
    except ValueError:
        return None
    return pixels.reshape(28, 28) if pixels.size == 784 else None


def write_address() -> None:
    """Lesson, state and progress into the address."""
    mine = get()
    order = [lesson.id for lesson in LESSONS]
    done = "-".join(str(order.index(one) + 1) for one in sorted(mine.done, key=order.index))
    wanted: dict[str, str] = {DONE: done} if done else {}
    if mine.lesson:
        wanted[LESSON] = mine.lesson
        wanted |= write_state(BY_ID[mine.lesson].fields, state_of(mine.lesson))
    ours = {LESSON, DONE} | {name for lesson in LESSONS for name in lesson.fields}
    for name in ours:
        if name in wanted and st.query_params.get(name) != wanted[name]:
            st.query_params[name] = wanted[name]
        elif name not in wanted and name in st.query_params:
            del st.query_params[name]
