"""What is refused before the app sees it."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit import config

from ui.server import guard, hosts

HOSTS = ["localhost", "127.0.0.1", "*.class.example"]


@pytest.fixture
def held() -> dict[str, dict[str, int]]:
    """What sessions hold: bytes by session and file."""
    return {}


@pytest.fixture
def client(held) -> TestClient:
    async def answer(request: Request) -> PlainTextResponse:
        if request.method == "PUT":
            session, file = request.url.path.split("/")[-2:]
            held.setdefault(session, {})[file] = len(await request.body())
        return PlainTextResponse("the app")

    app = Starlette(
        routes=[Route("/{path:path}", answer, methods=["GET", "PUT"])],
        middleware=[Middleware(guard.Guard, held=lambda session: held.get(session, {}))],
    )
    before = config.get_option(hosts.OPTION)
    config.set_option(hosts.OPTION, HOSTS)
    yield TestClient(app, base_url="http://localhost:8501")
    config.set_option(hosts.OPTION, before)


@pytest.mark.parametrize("path", ["/", "/live/a-run", "/_stcore/host-config"])
@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "a@localhost"])
def test_a_name_made_to_mean_this_machine_reaches_nothing(client, path, host):
    answer = client.get(path, headers={"Host": host})
    assert answer.status_code == 421
    assert "the app" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8501", "LOCALHOST.", "a.class.example:8"])
def test_its_own_names_do(client, host):
    answer = client.get("/live/a-run", headers={"Host": host})
    assert answer.text == "the app"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("asked", ["/Learn", "/LEARN/", "/Learn?lesson=pooling&projector=on"])
def test_a_pages_name_with_capitals_leads_to_the_page(client, asked):
    answer = client.get(asked, follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"] == "/learn" + "".join(asked.partition("?")[1:])


@pytest.mark.parametrize("asked", ["/play", "/Play/", "/play?run=one"])
def test_the_front_pages_name_leads_to_the_front_page(client, asked):
    answer = client.get(asked, follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"] == "/" + "".join(asked.partition("?")[1:])


@pytest.mark.parametrize("path", ["/learn", "/live/Learn", "/Nothing", "/"])
def test_other_addresses_are_left_as_they_are(client, path):
    assert client.get(path, follow_redirects=False).text == "the app"


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/metrics/"])
def test_metrics_are_nobodys_business(client, path):
    assert client.get(path).status_code == 404


def put(client: TestClient, session: str, file: int, size: int) -> int:
    return client.put(f"/_stcore/upload_file/{session}/{file}", content=b"x" * size).status_code


def test_a_visit_holds_so_many_files(client):
    sent = [put(client, "one", file, 10) for file in range(guard.MOST_UPLOADS + 3)]
    assert sent == [200] * guard.MOST_UPLOADS + [413] * 3
    assert put(client, "one", 0, 10) == 200  # in the place of itself
    assert put(client, "another", 0, 10) == 200


def test_a_class_server_says_how_many_and_how_large(client, monkeypatch):
    monkeypatch.setenv("CNN_MAX_UPLOADS", "2")
    monkeypatch.setenv("CNN_MAX_UPLOAD_BYTES", "1000000")
    assert put(client, "three", 0, 3_000_000) == 413
    assert [put(client, "three", file, 10) for file in range(3)] == [200, 200, 413]


def test_a_visit_holds_so_many_bytes(client, held, monkeypatch):
    monkeypatch.setattr(guard, "MOST_UPLOADED", 1_000_000)
    assert [put(client, "one", file, 400_000) for file in range(3)] == [200, 200, 413]
    del held["one"]["0"]  # removed on the page
    assert put(client, "one", 3, 400_000) == 200


def test_an_upload_that_hides_its_length_is_refused(client):
    chunks = (b"x" for _ in range(3))
    assert client.put("/_stcore/upload_file/one/1", content=chunks).status_code == 411


def test_it_lies_under_the_servers_base_path(held):
    before = config.get_option("server.baseUrlPath")
    config.set_option("server.baseUrlPath", "class/one")
    try:
        found = guard.Guard(Starlette(), lambda session: {})
    finally:
        config.set_option("server.baseUrlPath", before)
    assert found.metrics == "/class/one/_stcore/metrics"


def test_the_machines_own_addresses_are_added_where_any_name_is_listed():
    before = config.get_option(hosts.OPTION)
    try:
        for listed, kept in ((["localhost"], False), ([], True), (["*"], True)):
            config.set_option(hosts.OPTION, listed)
            hosts.allow_own_names()
            assert (config.get_option(hosts.OPTION) == listed) is kept
        assert "127.0.0.1" in hosts.own_names()
    finally:
        config.set_option(hosts.OPTION, before)
