"""Who visits a class server, and which workspace is theirs. On one's own machine: nobody asks.

The workspace is settled once in a session: by the login (Streamlit's own, OIDC) where there is
one, by the header of a trusted proxy where one is named, else by the address, whose `w` is the key;
the teacher's browser then brings a cookie (`ui.server.teacher_door`). Pages, fragments and
callbacks find it in the session.
"""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cnn.common import teacher, workspaces
from cnn.common.server import ServerError, ServerSettings, server_settings
from ui.server.teacher_door import ACCEPTED, COOKIE
from ui.server.teacher_door import PARAMETER as TEACHER
from ui.shared.plain_text import plain

WORKSPACE = "w"  # in the address
_KEPT, _NAME = "workspace", "workspace_name"  # in the session


def _of_session() -> str | None:
    """The session's workspace; nobody's where there is no session, or it has not begun."""
    if not server_settings().class_:
        return None
    if get_script_run_ctx(suppress_warning=True) is None:
        return workspaces.NOBODY
    return str(st.session_state.get(_KEPT, workspaces.NOBODY))


workspaces.provide(_of_session)


def begin() -> str | None:
    """At each script run of app.py: settle whose session this is, and keep its address; gives what
    the visitor has to be told. Ends the page where they have to log in first, or the server is set
    up wrongly."""
    try:
        settings = server_settings()
    except ServerError as error:
        st.error(plain(str(error)), icon=":material/settings:")
        st.stop()
    if not settings.class_:
        return None
    if _has_login():
        _by_name(settings, _logged_in())
    elif settings.user_header:
        _by_name(settings, _from_proxy(settings.user_header))
    else:
        return _by_address()
    return None


def is_teacher() -> bool:
    """Whether this is the teacher's session, on a class server."""
    return workspaces.current() == workspaces.CLASS


def is_pupil() -> bool:
    """Whether this is a visitor's session on a class server, and not the teacher's."""
    return workspaces.current() not in (None, workspaces.CLASS)


def name() -> str | None:
    """The name by which the visitor is logged in, if any."""
    return st.session_state.get(_NAME)


def has_login() -> bool:
    """Whether this session came through Streamlit's login, and can log out."""
    return _has_login() and bool(st.user.get("is_logged_in"))


def _by_name(settings: ServerSettings, who: str) -> None:
    teachers = {one.strip().casefold() for one in settings.teachers.split(",") if one.strip()}
    teaches = who.strip().casefold() in teachers
    _enter(workspaces.CLASS if teaches else workspaces.named(who), who)
    for key in (WORKSPACE, TEACHER):  # they open nothing here
        st.query_params.pop(key, None)


def _by_address() -> str | None:
    notice = None
    asked, token = st.query_params.get(WORKSPACE), st.query_params.get(TEACHER)
    if _KEPT not in st.session_state:
        if _brings_key() or teacher.is_secret(token or ""):
            _enter(workspaces.CLASS)
        elif asked and workspaces.is_issued(asked):
            _enter(asked)
        else:
            _enter(workspaces.new_visitor())
        if token == ACCEPTED and not is_teacher():
            notice = (
                "This browser keeps no cookie of this server, and only by one it is known as the "
                "teacher's: allow it, and open the teacher's address again."
            )
        elif (asked or token) and asked != workspaces.current() and not is_teacher():
            notice = (
                "This address opens nothing here: you have a new workspace. If you had one "
                "already, open its address again, whole."
            )
    _keep(WORKSPACE, None if is_teacher() else st.session_state[_KEPT])
    _keep(TEACHER, None)  # the secret is on nobody's screen
    return notice


def _brings_key() -> bool:
    """Whether the browser came through the teacher's door."""
    key = st.context.cookies.get(COOKIE)
    return isinstance(key, str) and teacher.is_key(key)


def _enter(workspace: str, who: str | None = None) -> None:
    if st.session_state.get(_KEPT, workspace) != workspace:  # somebody else has logged in
        st.session_state.clear()
    st.session_state[_KEPT], st.session_state[_NAME] = workspace, who


def _keep(key: str, value: str | None) -> None:
    """Let the address hold `value`: a page's own link drops what stood there."""
    if value is None:
        st.query_params.pop(key, None)
    elif st.query_params.get(key) != value:
        st.query_params[key] = value


def _has_login() -> bool:
    """Whether Streamlit's login is set up, in `.streamlit/secrets.toml`."""
    return "is_logged_in" in st.user


def _user() -> dict[str, Any]:
    return dict(st.user)


def _logged_in() -> str:
    """The e-mail, or else the subject, by which the visitor is logged in; asks for it first."""
    user = _user()
    if not user.get("is_logged_in"):
        st.title("CNN Playground")
        st.markdown("Log in to find your own runs and digits.")
        st.button("Log in", type="primary", icon=":material/login:", on_click=st.login)
        st.stop()
    email = user.get("email")
    if email and user.get("email_verified") is True:  # missing, or a text, it says nothing
        return str(email)
    return f"{user.get('iss', '')} {user.get('sub', '')}"


def _from_proxy(header: str) -> str:
    who = (st.context.headers.get(header) or "").strip()
    if not who:
        st.error("The proxy in front of this app does not say who you are.", icon=":material/lock:")
        st.stop()
    return who
