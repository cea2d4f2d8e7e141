"""The teacher's secret is taken out of the address, and a cookie stands for it."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from cnn.common import teacher
from ui.server.teacher_door import COOKIE, TeacherDoor

SECRET = "correct-horse-battery"


@pytest.fixture
def client(monkeypatch) -> TestClient:
    monkeypatch.setenv("CNN_CLASS", "1")
    monkeypatch.setenv("CNN_TEACHER", SECRET)

    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"the app {request.url.query}")

    app = Starlette(routes=[Route("/{path:path}", answer)], middleware=[Middleware(TeacherDoor)])
    return TestClient(app, base_url="http://localhost:8501", follow_redirects=False)


def test_the_secret_becomes_a_key_in_a_cookie(client):
    answer = client.get(f"/design?arch=a%20b&teacher={SECRET}&run=r")
    assert answer.status_code == 303
    assert answer.headers["location"] == "?arch=a+b&run=r&teacher=on"  # of the same page
    assert answer.headers["cache-control"] == "no-store"
    cookie = SimpleCookie(answer.headers["set-cookie"])[COOKIE]
    assert teacher.is_key(cookie.value) and SECRET not in str(answer.headers)
    assert cookie["httponly"] and cookie["samesite"] == "Strict" and cookie["path"] == "/"
    assert int(cookie["max-age"]) == teacher.SECONDS and not cookie["secure"]
    secure = client.get(f"/?teacher={SECRET}", headers={"X-Forwarded-Proto": "https"})
    assert SimpleCookie(secure.headers["set-cookie"])[COOKIE]["secure"]


@pytest.mark.parametrize("query", ["", "?w=v", "?teacher=wrong", "?teacher=on", "?teacher=%ff"])
def test_all_else_goes_through(client, query):
    answer = client.get(f"/{query}")
    assert answer.status_code == 200 and "set-cookie" not in answer.headers


def test_the_key_is_given_back(client):
    answer = client.get("/?teacher=&run=r")
    assert answer.headers["location"] == "?run=r"
    assert "Max-Age=0" in answer.headers["set-cookie"]


def test_on_ones_own_machine_there_is_no_teacher(client, monkeypatch):
    monkeypatch.delenv("CNN_CLASS")
    assert client.get(f"/?teacher={SECRET}").status_code == 200
    monkeypatch.setenv("CNN_MAX_RUNS", "lots")  # the page says so
    assert client.get(f"/?teacher={SECRET}").status_code == 200
