"""One lesson: its words, what can be touched, the question, and the ways on."""

from __future__ import annotations

import streamlit as st

from cnn.lessons import GLOSSARY, LESSONS, Lesson, MaterialError
from cnn.runs import RunError
from ui.learn import carry, material, toy
from ui.learn.state import get, go, state_of, take, write_address
from ui.shared import words
from ui.shared.plain_text import plain

_CSS = """
<style>
.block-container { padding-top: 2.2rem; padding-bottom: 1rem; max-width: 1500px; }
[data-testid="stMainBlockContainer"] > [data-testid="stVerticalBlock"] { gap: 0.6rem; }
[data-testid="stMainBlockContainer"] h1 { font-size: 1.5rem; padding: 0 0 0.5rem; }
.st-key-learn_path { gap: 0.2rem; }
.st-key-learn_path button { min-width: 2.2rem; padding: 0.1rem 0.5rem; }
/* Question, toy, ways on: beside each other where there is room; else one below the other, so that
   who reads on a phone predicts before the toy tells, and has it within the same screen. */
.st-key-lesson { display: grid; grid-template-columns: minmax(0, 3.2fr) minmax(0, 1fr);
  grid-template-rows: auto 1fr; gap: 1rem 2rem; align-items: start; }
.st-key-lesson > * { grid-column: 2; width: 100%; }
.st-key-lesson > :nth-child(2) { grid-area: 1 / 1 / span 2; }
@media (max-width: 1000px) {
  .st-key-lesson { grid-template-columns: minmax(0, 1fr); gap: 0.8rem; }
  .st-key-lesson > :nth-child(n) { grid-area: auto; }
}
@media (max-width: 640px) {
  .block-container { padding-top: 4.2rem; }
  /* The list and ten numbers in one row: the list by its icon. */
  .st-key-learn_path { flex-wrap: nowrap; gap: 0; justify-content: space-between; }
  .st-key-learn_path button { min-width: 1.75rem; padding: 0.1rem; }
  .st-key-learn_list p { font-size: 0; }
  .st-key-learn_list button { min-width: 2.2rem; }
}
/* On paper, beside what all pages do: one below the other, and not made smaller. */
@media print {
  .st-key-tour, .st-key-learn_path, .st-key-learn_ways_on, .stPopover { display: none !important; }
  .block-container { zoom: 0.85; }
  [data-testid="stMain"] [data-testid="stElementContainer"] { break-inside: auto; }
  .st-key-lesson { display: block; }
}
</style>
"""


def show(lesson: Lesson) -> None:
    """The whole lesson."""
    number = [one.id for one in LESSONS].index(lesson.id)
    st.html(_CSS)
    _path(number)
    st.title(f"{number + 1}. {lesson.title}", anchor=False)
    words.sentences(lesson.words)
    for problem in get().problems:
        st.info(plain(problem), icon=":material/link_off:")
    _body(lesson)
    _ways_on(number)


@st.fragment
def _body(lesson: Lesson) -> None:
    """Question and toy: moving one runs only this."""
    mine = get()
    with st.container(key="lesson"):
        question, middle, below = st.container(), st.container(), st.container()
    with question:
        _question(lesson)
    with middle:
        try:
            mount = f"{lesson.id}-{mine.mounts.get(lesson.id, 0)}"
            drawn = mine.drawings.get(lesson.id)
            given = mount, state_of(lesson.id), drawn, material.of(lesson.id)
            toy.show(lesson.id, *given, lambda moved: take(lesson.id, moved))
        except MaterialError as error:
            st.info(plain(error), icon=":material/inventory_2:")
    with below:
        _carry(lesson)
        terms = ", ".join(lesson.terms)
        with st.popover("Words", icon=":material/menu_book:", help=terms, width="stretch"):
            for term in lesson.terms:
                st.markdown(f"**{term.capitalize()}.** {GLOSSARY[term]}")
    write_address()


def _carry(lesson: Lesson) -> None:
    """The buttons that take what was made here into the app."""
    moved = state_of(lesson.id)
    for one in lesson.carry:
        if one.parts and moved["part"] not in one.parts:
            continue
        key = f"carry_{lesson.id}_{one.way}"
        if st.button(one.label, key=key, icon=":material/arrow_outward:", width="stretch"):
            get().done.add(lesson.id)
            try:
                carry.carry(lesson.id, one.way, moved)
            except (MaterialError, RunError) as error:
                st.info(plain(str(error)), icon=":material/info:")


def _question(lesson: Lesson) -> None:
    """What will happen? Then why."""
    mine, asked = get(), lesson.question
    key = f"answer_{lesson.id}"

    def answered() -> None:
        if st.session_state[key] is not None:
            mine.answers[lesson.id] = st.session_state[key]
            mine.done.add(lesson.id)

    with st.container(border=True, key=f"question_{lesson.id}"):
        st.markdown("**Predict, then try**")
        st.radio(
            asked.text,
            range(len(asked.choices)),
            mine.answers.get(lesson.id),
            format_func=asked.choices.__getitem__,
            key=key,
            on_change=answered,
        )
        if lesson.id in mine.answers:
            right = mine.answers[lesson.id] == asked.right
            answer = "Right." if right else f"No: {asked.choices[asked.right]}."
            st.markdown(f"{':green' if right else ':red'}[**{answer}**] {asked.reveal}")


def _path(number: int) -> None:
    """Where one is among the lessons; each can be opened."""
    with st.container(horizontal=True, gap="small", key="learn_path", vertical_alignment="center"):
        st.button(
            "All lessons",
            key="learn_list",
            icon=":material/list:",
            type="tertiary",
            on_click=go,
            args=(None,),
        )
        for i, other in enumerate(LESSONS):
            done = ":material/check: " if other.id in get().done else ""
            st.button(
                f"{done}{i + 1}",
                key=f"path_{other.id}",
                help=other.title,
                type="primary" if i == number else "tertiary",
                on_click=go,
                args=(other.id,),
            )


def _ways_on(number: int) -> None:
    """The lesson before and the next; going on without an answer is allowed."""
    with st.container(horizontal=True, key="learn_ways_on"):
        if number:
            before = LESSONS[number - 1]
            st.button(
                before.title,
                key="learn_before",
                icon=":material/arrow_back:",
                on_click=go,
                args=(before.id,),
            )
        if number + 1 < len(LESSONS):
            after = LESSONS[number + 1]
            st.button(
                f"Next: {after.title}",
                key="learn_next",
                icon=":material/arrow_forward:",
                type="primary",
                on_click=go,
                args=(after.id,),
            )
        else:
            st.button(
                "All lessons and experiments",
                key="learn_end",
                icon=":material/list:",
                type="primary",
                on_click=go,
                args=(None,),
            )
