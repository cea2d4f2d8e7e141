"""Whose session it is: by the address, by a login, by a trusted proxy."""

from __future__ import annotations

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from cnn.common import teacher, workspaces
from ui.server.teacher_door import COOKIE
from ui.shared import visitor

TOKEN = "correct-horse-battery"
MINE = "v" + "m" * 22


def script() -> None:
    import streamlit as st

    from cnn.common import workspaces
    from ui.shared import visitor

    st.text(visitor.begin() or "")
    st.text(str(workspaces.current()))


def visit(**query: str) -> AppTest:
    page = AppTest.from_function(script)
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()


def workspace(page: AppTest) -> str:
    return page.text[1].value


def query(page: AppTest, name: str) -> str | None:
    """What the address says, whether the test or the page put it there."""
    found = page.query_params.get(name)
    return found[0] if isinstance(found, list) else found


@pytest.fixture(autouse=True)
def class_server(monkeypatch):
    monkeypatch.setenv("CNN_CLASS", "1")
    monkeypatch.setenv("CNN_TEACHER", TOKEN)
    workspaces.folder(MINE).mkdir(parents=True)


def test_on_ones_own_machine_nobody_asks(monkeypatch):
    monkeypatch.delenv("CNN_CLASS")
    page = visit(w=MINE, teacher=TOKEN)
    assert workspace(page) == "None"
    assert (query(page, "w"), query(page, "teacher")) == (MINE, TOKEN)


def test_the_address_is_the_key():
    assert workspace(visit(w=MINE)) == MINE
    first, second = visit(), visit()
    assert workspaces.is_visitor(workspace(first)) and workspace(first) != workspace(second)
    assert query(first, "w") == workspace(first) and first.text[0].value == ""
    first.query_params["w"] = MINE  # within a session it does not change
    assert workspace(first.run()) == query(first, "w") != MINE
    assert workspace(visit(w=workspace(second))) == workspace(second)  # though nothing is in it


@pytest.mark.parametrize(
    "forged",
    [
        "class",
        "nobody",
        "n" + "0" * 32,
        "../class",
        "v" * 24,
        "x",
        f"{MINE}/",
        "ÿ",
        "v" + "u" * 22,
        "v" + "u" * 33,
    ],
)
def test_a_forged_workspace_opens_a_new_one(forged):
    page = visit(w=forged)
    assert workspaces.is_visitor(workspace(page)) and query(page, "w") == workspace(page)
    assert page.text[0].value.startswith("This address opens nothing here")


@pytest.mark.parametrize("token", ["wrong", TOKEN[:-1], f"{TOKEN}x", "é" * 16])
def test_a_wrong_token_is_no_teachers(token, monkeypatch):
    page = visit(teacher=token)
    assert workspaces.is_visitor(workspace(page)) and query(page, "teacher") is None
    monkeypatch.delenv("CNN_TEACHER")
    assert workspaces.is_visitor(workspace(visit(teacher="")))


def test_the_teacher_works_in_the_classs_workspace():
    page = visit(teacher=TOKEN, w=MINE)
    assert workspace(page) == workspaces.CLASS
    assert query(page, "teacher") is None and query(page, "w") is None  # on no projector
    assert workspace(page.run()) == workspaces.CLASS


def test_the_teachers_browser_brings_a_key(monkeypatch):
    brings = {COOKIE: teacher.new_key()}
    monkeypatch.setattr(ContextProxy, "cookies", property(lambda _: brings))
    for page in (visit(), visit(w=MINE), visit(teacher="on")):  # a reload, a second tab, a pupil's
        assert workspace(page) == workspaces.CLASS and not page.text[0].value
        assert query(page, "teacher") is None and query(page, "w") is None
    for forged in ("", "on", "x.y", brings[COOKIE][:-1], brings[COOKIE].replace(".", "0.")):
        brings[COOKIE] = forged
        assert workspaces.is_visitor(workspace(visit()))
    assert visit(teacher="on").text[0].value.startswith("This browser keeps no cookie")


def test_a_proxy_says_who_somebody_is(monkeypatch):
    monkeypatch.setenv("CNN_USER_HEADER", "X-Forwarded-User")
    page = visit(w=MINE, teacher=TOKEN)
    assert "does not say who you are" in page.error[0].value and not page.text
    monkeypatch.setattr(visitor, "_from_proxy", lambda header: "Ada@school.example")
    monkeypatch.setenv("CNN_TEACHERS", "t@school.example")
    page = visit(w=MINE, teacher=TOKEN)  # which open nothing here
    assert workspace(page) == workspaces.named("ada@school.example")
    assert query(page, "w") is None and query(page, "teacher") is None
    monkeypatch.setenv("CNN_TEACHERS", "t@school.example, ada@School.example")
    assert workspace(visit()) == workspaces.CLASS


def test_a_login_says_who_somebody_is(monkeypatch):
    monkeypatch.setattr(visitor, "_has_login", lambda: True)
    user = {"is_logged_in": False}
    monkeypatch.setattr(visitor, "_user", lambda: user)
    page = visit(w=MINE)
    assert page.button[0].label == "Log in" and not page.text
    user.update(is_logged_in=True, email="ada@school.example", email_verified=True)
    assert workspace(visit(w=MINE)) == workspaces.named("ada@school.example")
    monkeypatch.setenv("CNN_TEACHERS", "ada@school.example")
    assert workspace(visit()) == workspaces.CLASS
    # Whoever could write any e-mail into their account is known by the provider's own id.
    user.update(iss="https://id.example", sub="7")
    for unsaid in (False, None, "false", "true", 1):
        user.update(email_verified=unsaid)
        assert workspace(visit()) == workspaces.named("https://id.example 7")
    del user["email_verified"]
    assert workspace(visit()) == workspaces.named("https://id.example 7")


def test_a_wrong_setting_is_said_instead_of_a_page(monkeypatch):
    monkeypatch.setenv("CNN_MAX_RUNS", "lots")
    page = visit()
    assert "CNN" in page.error[0].value and not page.text
