"""Clicks that come faster than their callbacks end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.state import SessionState
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.testing.v1 import AppTest

from ui.server import callbacks


@pytest.fixture(autouse=True)
def whole(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Kept whole in this test, and as Streamlit has it after it."""
    for kind, name in (
        (SafeSessionState, "__init__"),
        (SafeSessionState, "on_script_will_rerun"),
        (ScriptRunner, "_maybe_handle_execution_control_request"),
    ):
        monkeypatch.setattr(kind, name, getattr(kind, name))
    callbacks.keep_whole()
    yield


def interrupted_page() -> None:
    """A page on which another click arrives while the callbacks of the first are at work."""
    import streamlit as st
    from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

    def clicked(name: str) -> None:
        context = get_script_run_ctx()
        assert context is not None and context.script_requests is not None
        context.script_requests.request_rerun(RerunData())
        st.session_state[name] = st.session_state.get(name, 0) + 1

    st.session_state.setdefault("runs", 0)
    st.session_state.runs += 1
    st.button("Begin", on_click=clicked, args=("begun",))
    st.slider("Knob", 0, 9, key="knob", on_change=clicked, args=("turned",))


def test_a_callback_ends_although_another_click_arrives_meanwhile():
    page = AppTest.from_function(interrupted_page, default_timeout=60).run()
    page.button[0].click()
    page.slider[0].set_value(7).run()
    assert page.session_state.begun == 1
    assert page.session_state.turned == 1
    assert page.session_state.runs == 2  # the page itself ran once more: for the newer click


def nothing() -> None:
    """At a yield point where nothing is asked for."""


def test_the_clicks_of_a_session_wait_for_one_another(monkeypatch: pytest.MonkeyPatch):
    inside, go_on, done = threading.Event(), threading.Event(), list[str]()

    def apply(_session: SessionState, click: str, **_named: object) -> None:
        if click == "first":
            inside.set()
            go_on.wait(10)
        done.append(click)

    monkeypatch.setattr(SessionState, "on_script_will_rerun", apply)
    session = SessionState()
    threads = [
        threading.Thread(target=SafeSessionState(session, nothing).on_script_will_rerun, args=args)
        for args in (("first",), ("second",))
    ]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()
    threads[1].join(0.05)
    assert not done
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert done == ["first", "second"]


def test_who_was_overtaken_by_a_newer_click_applies_nothing():
    class ToldToStop(BaseException):
        """What Streamlit raises at a yield point of a script that is to stop."""

    def stop() -> None:
        raise ToldToStop

    session = SessionState()
    older, newer = SafeSessionState(session, stop), SafeSessionState(session, nothing)
    newer.on_script_will_rerun(None)
    with pytest.raises(ToldToStop):
        older.on_script_will_rerun(None)
    assert vars(newer)["_turn"].applied == 2
    newer.on_script_will_rerun(None)
    SafeSessionState(SessionState(), nothing).on_script_will_rerun(None)  # another session's
