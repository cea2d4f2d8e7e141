"""The stream's server side, as a browser meets it."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import plotly
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from cnn.common import workspaces
from cnn.runs import watching
from cnn.runs.watching import Subject
from tests.cnn.runs.test_workspaces import MINE, OTHER, made_in
from tests.ui.live.conftest import finish, in_a_loop_of_its_own, report
from ui.live import feed as feeds
from ui.live import subjects
from ui.live.feed import Feed, encode
from ui.live.keys import key_of, stream_name
from ui.live.routes import MOST_OF_ONE, Routes


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=Routes().routes))


def events(text: str) -> list[tuple[str, str, dict]]:
    """The events of a stream: id, name, data."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line[1:])
        if "event" in fields:
            found.append((fields.get("id", ""), fields["event"], json.loads(fields["data"])))
    return found


@pytest.fixture
def once_watched(monkeypatch) -> Callable[[Callable[[], object]], threading.Thread]:
    """A function that does something as soon as the first points are told."""
    told = threading.Event()

    def telling(event: str, *args: object) -> bytes:
        encoded = encode(event, *args)
        if event == "points":
            told.set()
        return encoded

    monkeypatch.setattr(feeds, "encode", telling)

    def start(call: Callable[[], object]) -> threading.Thread:
        thread = threading.Thread(target=lambda: told.wait(60) and call())
        thread.start()
        return thread

    return start


def test_a_run_that_ends_is_told_to_its_end(client, active, once_watched):
    def end() -> None:
        report(active, 3, 2.0, 1.5)
        finish(active)

    ending = once_watched(end)
    answer = client.get(f"/live/{active.id}")
    ending.join()
    told = events(answer.text)
    points = [data for _, name, data in told if name == "points"]
    assert points[0] == {"whole": True, "x": [1], "y": [2.5]}
    assert points[1] == {"whole": False, "x": [2, 3], "y": [2.0, 1.5]}
    assert [name for _, name, _ in told].count("epochs") == 1  # it did not change
    assert told[-1] == ("3_1.5", "ended", {"state": "finished"})
    assert all(identity for identity, _, _ in told)


def test_its_headers_pass_a_proxy(client, active):
    finish(active)
    headers = client.get(f"/live/{active.id}", headers={"Accept-Encoding": "gzip"}).headers
    assert headers["content-type"].startswith("text/event-stream")
    assert "no-cache" in headers["cache-control"] and "no-transform" in headers["cache-control"]
    assert headers["x-accel-buffering"] == "no"
    assert "content-encoding" not in headers


@pytest.mark.parametrize("way", ["header", "query"])
def test_a_reconnect_goes_on_where_it_was(client, active, way):
    report(active, 3, 2.0, 1.5)
    finish(active)
    last = "2_2.0"
    if way == "header":
        answer = client.get(f"/live/{active.id}", headers={"Last-Event-ID": last})
    else:
        answer = client.get(f"/live/{active.id}", params={"after": last})
    points = [data for _, name, data in events(answer.text) if name == "points"]
    assert points == [{"whole": False, "x": [3], "y": [1.5]}]


def test_an_id_of_another_curve_brings_the_whole(client, active):
    finish(active)
    answer = client.get(f"/live/{active.id}", headers={"Last-Event-ID": "1_9.0"})
    assert events(answer.text)[0][2] == {"whole": True, "x": [1], "y": [2.5]}


def test_a_run_that_is_deleted_ends_its_stream(client, active, once_watched, tmp_path):
    # All at once, as `Run.delete` moves it away first.
    deleting = once_watched(lambda: active.path.rename(tmp_path / "gone"))
    answer = client.get(f"/live/{active.id}")
    deleting.join()
    assert events(answer.text)[-1][1:] == ("ended", {"state": "deleted"})


@pytest.mark.parametrize(
    "name", ["20990101-000000-gone-0000", "..%2f..%2fetc", ".devices", "x" * 300]
)
def test_a_run_of_nobody_is_404_in_a_sentence(client, name):
    answer = client.get(f"/live/{name}")
    assert answer.status_code == 404
    assert answer.text.endswith(".") or answer.text == "Not Found"
    assert "Traceback" not in answer.text


def test_it_lies_under_the_servers_base_path(active):
    finish(active)
    client = TestClient(Starlette(routes=Routes("/class/one/").routes))
    assert client.get(f"/class/one/live/{active.id}").status_code == 200
    assert client.get(f"/live/{active.id}").status_code == 404


def test_plotly_comes_from_the_installed_package(client):
    script = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    packed = client.get("/script/6/plotly.min.js", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/script/6/plotly.min.js", headers={"Accept-Encoding": "identity"})
    assert packed.content == plain.content == script.read_bytes()
    assert packed.headers["content-encoding"] == "gzip"
    assert "immutable" in packed.headers["cache-control"]
    assert len(gzip.compress(script.read_bytes(), 1)) > int(packed.headers["content-length"])


async def collect(feed: Feed, last_id: str = "") -> str:
    return b"".join([part async for part in feed.events(last_id)]).decode()


def test_all_who_watch_share_each_encoding(active):
    async def watch(watchers: int) -> tuple[list[str], int]:
        feed = Feed(active)
        tasks = [asyncio.create_task(collect(feed)) for _ in range(watchers)]
        while not feed.reader.story.parts:
            await asyncio.sleep(0)
        report(active, 3, 2.0, 1.5)
        finish(active)
        return await asyncio.gather(*tasks), feed.encodings

    before = active.files.metrics.read_bytes()
    status = active.last_status()
    told, encodings = in_a_loop_of_its_own(watch(5))
    assert len(set(told)) == 1
    active.files.metrics.write_bytes(before)
    active.write_status(**status)
    assert in_a_loop_of_its_own(watch(1))[1] == encodings


def test_a_slow_watcher_loses_pictures_and_no_points(active):
    """It takes nothing while ten reports and ten states come: it gets all points and one state."""

    async def watch() -> str:
        feed = Feed(active)
        slow = feed.events()
        await until(slow, b"event: status")
        for step in range(2, 12):
            report(active, step, 1 / step)
            active.write_status(**{**active.last_status(), "step": step, "message": f"at {step}"})
            while feed.reader.story.points[-1][0] != step:
                await asyncio.sleep(0.01)
        finish(active)
        return b"".join([part async for part in slow]).decode()

    told = events(in_a_loop_of_its_own(watch()))
    points = [step for _, name, data in told if name == "points" for step in data["x"]]
    assert points == list(range(2, 12))
    assert [name for _, name, _ in told].count("status") <= 2


async def until(stream, mark: bytes) -> bytes:
    got = b""
    async for part in stream:
        got += part
        if mark in got:
            return got
    return got


def test_a_quiet_stream_says_that_it_is_there(active, monkeypatch):
    monkeypatch.setattr(feeds, "COMMENT_SECONDS", 0.05)

    async def watch() -> bytes:
        stream = Feed(active).events()
        return await until(stream, b": still here\n\n")

    assert b": still here\n\n" in in_a_loop_of_its_own(watch())


def test_a_server_that_ends_ends_its_streams_without_a_word(active):
    async def watch() -> str:
        feed = Feed(active)
        task = asyncio.create_task(collect(feed))
        while not feed.reader.story.parts:
            await asyncio.sleep(0)
        feed.close()
        return await task

    assert "event: ended" not in in_a_loop_of_its_own(watch())


def test_nobody_watches_nobody_reads(active, monkeypatch):
    monkeypatch.setattr(feeds, "IDLE_SECONDS", 0.1)

    async def leave() -> bool:
        feed = Feed(active)
        stream = feed.events()
        await until(stream, b"event: status")
        await stream.aclose()
        await asyncio.wait_for(feed._task, 10)
        return feed.done

    assert in_a_loop_of_its_own(leave())


def test_what_is_no_number_is_null():
    assert b'{"a":[null,1.0,null]}' in encode("x", {"a": [float("nan"), 1.0, float("inf")]})


def test_frames_go_to_who_asked_and_the_worker_is_asked_only_while_somebody_does(
    active, monkeypatch
):
    monkeypatch.setattr(feeds, "IDLE_SECONDS", 0.1)
    subject = Subject(np.zeros((1, 28, 28), np.uint8), layers={1: ()})
    assert subjects.known([subjects.register(subject), "nobody's"]) == [subject]
    frame = json.dumps({"key": subject.key, "step": 7}, separators=(",", ":"))

    async def look() -> tuple[bytes, bytes]:
        feed = Feed(active)
        asking, other = feed.events("", [subject]), feed.events()
        await until(asking, b"event: status")
        await until(other, b"event: status")
        while [found.key for found in watching.watched(active)] != [subject.key]:
            await asyncio.sleep(0.01)
        active.files.frames.write_text(frame)
        first = await until(asking, b"event: frame")
        finish(active)
        rest = b"".join([part async for part in other])
        await asking.aclose()
        await feed._task
        return first, rest

    mine, others = in_a_loop_of_its_own(look())
    assert frame.encode() in mine
    assert b"event: frame" not in others
    assert not active.files.watch.exists()


def test_there_is_an_end_to_how_many_may_watch(client, active, monkeypatch):
    monkeypatch.setattr("ui.live.routes.MOST_WATCHERS", 0)
    answer = client.get(f"/live/{active.id}")
    assert answer.status_code == 503 and answer.headers["retry-after"]


def test_one_visitor_keeps_nobody_else_out(monkeypatch):
    monkeypatch.setenv("CNN_CLASS", "1")
    monkeypatch.setenv("CNN_MIN_FREE_BYTES", "0")
    mine, other = made_in(MINE), made_in(OTHER)
    routes = Routes()
    client = TestClient(Starlette(routes=routes.routes))
    names = []
    for workspace, run in ((MINE, mine), (OTHER, other)):
        with workspaces.working_in(workspace):
            names.append(stream_name(run))
    assert [client.get(f"/live/{name}").status_code for name in names] == [200, 200]
    assert not routes.of_key  # what has ended does not count
    routes.of_key[key_of(names[0])] = MOST_OF_ONE
    assert [client.get(f"/live/{name}").status_code for name in names] == [503, 200]
