"""Share links: the whole configuration in the URL, made here and opened here."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from cnn.export.share_link import CONTROLS, SharingError, from_link, to_link
from cnn.presets import PRESETS
from cnn.runs import lesson
from ui.shared import state, visitor
from ui.shared.plain_text import plain

PARAMETER = "net"


def open_link() -> None:
    """At each script run: take the configuration of a link that was opened, once.

    A link that cannot be read changes nothing and says why. While the teacher has set a lesson for
    the class, that is what counts.
    """
    play = state.get()
    if _take_lesson():
        return
    token = st.query_params.get(PARAMETER)
    if not token or token == play.opened_link:
        return
    if token in play.own_links:  # a browser may send what stood there before the newest
        return
    play.opened_link = token
    try:
        shared = from_link(token)
    except SharingError as error:
        play.notice = f"{plain(error)} Your own network is still here."
        del st.query_params[PARAMETER]
        return
    same = (name for name, it in PRESETS.items() if it.architecture == shared.architecture)
    play.replace(shared.architecture, shared.settings, next(same, None))
    play.dataset, play.chosen = shared.dataset, None
    play.hidden, play.fixed = shared.hidden, shared.fixed


def _take_lesson() -> bool:
    """Begin with the class's lesson where there is one; whether there is."""
    play, found = state.get(), lesson.current()
    if found is None:
        if play.lesson is not None:  # it has ended
            play.lesson, play.hidden, play.fixed = None, frozenset(), frozenset()
        return False
    if play.lesson != found.created:
        same = (name for name, it in PRESETS.items() if it.architecture == found.architecture)
        play.replace(found.architecture, found.settings, next(same, None))
        play.dataset, play.chosen = found.dataset, None
        play.hidden, play.fixed, play.lesson = found.hidden, found.fixed, found.created
    return True


def link(hidden: list[str], fixed: list[str]) -> str:
    """The address that opens this configuration on the Design page."""
    play = state.get()
    token = to_link(play.architecture, play.settings, play.dataset, hidden, fixed)
    here = urlsplit(st.context.url or "http://localhost:8501/")
    folder = here.path.rpartition("/")[0]  # the app's own: `/app/design` lies in `/app`
    return f"{here.scheme}://{here.netloc}{folder}/design?{PARAMETER}={token}"


def lesson_note() -> None:
    """What the lesson, or an opened link, keeps fixed or hidden; and the button that frees it:
    on a class server only the teacher has it."""
    play = state.get()
    if not play.hidden and not play.fixed:
        return
    source = "The lesson of this class." if play.lesson else "From a link made for a lesson."
    text = f":material/school: **{source}**"
    for word, names in (("Fixed", play.fixed), ("Hidden", play.hidden)):
        if names:
            text += f" {word}: {', '.join(CONTROLS[name] for name in sorted(names))}."
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(text, width="stretch")
        if not visitor.is_pupil():
            st.button("Free all controls", key="free", type="tertiary", on_click=_free)


def _free() -> None:
    play = state.get()
    play.hidden = play.fixed = frozenset()
