"""The sidebar of every page: the current run and the device."""

from __future__ import annotations

import streamlit as st

from cnn import runs
from cnn.common import workspaces
from cnn.common.server import server_settings
from cnn.runs import names
from cnn.training.device import cpu_name
from cnn.training.devices import best_device
from ui.live import payloads
from ui.server.teacher_door import PARAMETER as TEACHER
from ui.shared import models, projector, state, visitor
from ui.shared.following import follow
from ui.shared.plain_text import plain
from ui.shared.refresh import refreshing

LOADING_SECONDS = 2.0
STATE_BADGES: dict[str, tuple[str, str]] = {
    "example": (":material/school:", "blue"),
    "class": (":material/groups:", "blue"),
    "queued": (":material/hourglass_empty:", "gray"),
    "running": (":material/play_arrow:", "orange"),
    "paused": (":material/pause:", "violet"),
    "finished": (":material/check:", "green"),
    "stopped": (":material/stop:", "gray"),
    "failed": (":material/error:", "red"),
    "interrupted": (":material/bolt:", "red"),
}


def show() -> None:
    """Current run and device; a notice. The run's line moves by itself while it trains."""
    play = state.get()
    with st.sidebar:
        _current_run()
        loading = models.known_devices() is None
        projector.enter_button()
        _workspace()
        refreshing(_device, LOADING_SECONDS if loading else None, "device_loading")(loading)
    if play.notice:
        st.warning(play.notice, icon=":material/info:")
        play.notice = None


def _current_run() -> None:
    st.caption("CURRENT RUN")
    run = state.current_run()
    if run is None:
        st.markdown("None yet")
        st.page_link("pages/train.py", label="Train one", icon=":material/arrow_forward:")
        return
    status = run.status()
    badge(run, status["state"])
    st.markdown(f"**{plain(run.name)}**")
    if status["state"] in runs.ACTIVE:
        follow(run, status)
    elif details := payloads.details(status):
        st.caption(details)


def _workspace() -> None:
    """On a class server: whose this is, and how to come back to it."""
    if server_settings().read_only:
        st.caption(":material/visibility: This server only shows: nothing is made or changed.")
    if visitor.is_teacher():
        st.caption("WORKSPACE")
        st.markdown(
            ":material/school: The class's: everybody reads what you make here.",
            help=None
            if visitor.name()
            else "For twelve hours this browser is the teacher's. To end that, open this server's "
            f"address with `/?{TEACHER}=` behind it.",
        )
    elif visitor.is_pupil():
        st.caption("WORKSPACE")
        given = names.name_of(workspaces.current())
        st.markdown(
            f":material/person: {plain(given or visitor.name() or 'Yours')}",
            help="Your runs and digits are yours alone. "
            + (
                "They are here wherever you log in."
                if visitor.name()
                else "This page's address is the key to them: bookmark it, and give it to nobody."
            ),
        )
        if not given and not server_settings().read_only:
            _name_form()
    if visitor.has_login():
        st.button("Log out", icon=":material/logout:", key="log_out", on_click=st.logout)


def _name_form() -> None:
    """Where a visitor gives a name, once."""
    with st.popover("Give your name", icon=":material/badge:"):
        st.text_input(
            "Your name",
            max_chars=names.LONGEST,
            key="display_name",
            help="The teacher sees it beside what you train, and the class on the board of a "
            "challenge. It stays: the teacher alone can take it away.",
        )
        st.button("Keep it", type="primary", key="display_name_keep", on_click=_give_name)


def _give_name() -> None:
    try:
        names.give(str(st.session_state.display_name))
    except runs.RunError as error:
        state.get().notice = plain(error)


def _device(was_loading: bool) -> None:
    known = models.known_devices()
    st.caption("DEVICE")
    if known is None:
        st.markdown(f":material/memory: {plain(cpu_name())}")
        st.caption(plain(models.loading_problem() or models.loading_text()))
        return
    if was_loading:
        st.rerun()  # the whole page: no more looking
    device = next((d for d in known if d.id == state.get().device), best_device(known))
    st.markdown(f":material/memory: {plain(device.name)}")


def state_word(run: runs.Run, run_state: runs.State) -> str:
    """A run's state as a word; `example` for one that came with the app, `class` for one of the
    class's that has ended."""
    kind = None if run.kind == "class" and run_state in runs.ACTIVE else run.kind
    return kind or run_state


def badge(run: runs.Run, run_state: runs.State) -> None:
    """A run's state as a coloured word with an icon."""
    word = state_word(run, run_state)
    icon, color = STATE_BADGES[word]
    st.badge(word, icon=icon, color=color)  # type: ignore[arg-type]
