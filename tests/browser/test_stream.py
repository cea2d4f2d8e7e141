"""What moves while a run trains: the stream in a real browser, the training played by the test."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from cnn import figures, runs
from cnn.common.files import write_bytes
from cnn.runs import watching
from cnn.runs.locks import Lock
from tests.browser.conftest import Server
from tests.browsing import draw_strokes
from tests.strokes import SAMPLE_STROKES

expect.set_options(timeout=60_000)

LOSS = "document.querySelector('.plot-loss')"
ACCURACY = "document.querySelector('.plot-accuracy')"
LENGTH = f"{LOSS}?.data?.[1].x.length ?? 0"


class Worker:
    """Writes what a worker writes, when the test wants it."""

    def __init__(self, run: runs.Run):
        self.run, self.step, self.epoch = run, 0, 0
        run.files.metrics.unlink(missing_ok=True)
        self.lock = Lock.take(run.files.lock)  # of the worker, as long as the test runs
        assert self.lock is not None
        self.state("running")

    def state(self, state: str) -> None:
        self.run.write_status(
            state=state, step=self.step, steps=400, epoch=self.epoch, epochs=4, best_validation=0.9
        )

    def report(self, points: int) -> None:
        losses = [[self.step + n, 2.3 / (self.step + n)] for n in range(1, points + 1)]
        self.step += points
        self.run.append_metric(kind="report", step=self.step, epoch=self.epoch, losses=losses)
        self.state("running")

    def frame(self, winner: int) -> None:
        """What the network makes of the images that are watched: that class, to 91 %."""
        row = [0.91 if k == winner else 0.01 for k in range(10)]
        lines = []
        for subject in watching.watched(self.run):
            layers = []
            if maps := subject.layers.get(1):
                data = base64.b64encode(bytes([winner]) * 28 * 28 * len(maps)).decode()
                look = {"shape": [6, 28, 28], "shown": maps, "signed": True, "peak": 1.0}
                layers.append({"number": 1, **look, "data": data})
            frame = {"step": self.step, "probabilities": [row], "layers": layers}
            lines.append(json.dumps({"key": subject.key, **frame}, separators=(",", ":")))
        write_bytes(self.run.files.frames, "\n".join(lines).encode())

    def end_epoch(self) -> None:
        self.epoch += 1
        scores = {"train_accuracy": 0.5 + self.epoch / 10, "validation_accuracy": 0.6}
        more = {"train_loss": 1.0, "validation_loss": 1.0, "seconds": 1.0}
        self.run.append_metric(kind="epoch", step=self.step, epoch=self.epoch, **scores, **more)


@pytest.fixture
def worker(server: Server, trained_folder: Path) -> Iterator[Worker]:
    """A run in the server's folder that seems to train."""
    path = server.runs / "20300101-000000-watched-0000"
    shutil.copytree(trained_folder, path)
    yield Worker(runs.Run(path))
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def errors(page: Page) -> Iterator[list[str]]:
    """What went wrong in the page's scripts: nothing."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(str(error)))
    yield found
    assert found == []


def watch(page: Page, url: str, worker: Worker) -> None:
    """Open Train on the worker's run, with ten points in its curve."""
    worker.report(10)
    page.goto(f"{url}/train?run={worker.run.id}")
    page.wait_for_function(f"({LENGTH}) === 10")


def zoom(page: Page) -> list[float]:
    """Drag a part of the loss curve larger; the range shown then."""
    box = page.locator(".plot-loss .nsewdrag").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 180, box["y"] + 120, steps=8)
    page.mouse.up()
    page.wait_for_function(f"{LOSS}.layout.xaxis.range[1] < 390")
    return page.evaluate(f"{LOSS}.layout.xaxis.range")


def test_zoom_and_hidden_curves_stay_through_updates_reruns_and_the_end(
    page: Page, server: Server, worker: Worker, errors
):
    watch(page, server.url, worker)
    worker.end_epoch()
    page.wait_for_function(f"{ACCURACY}.data?.[0].x.length === 1")
    shown = zoom(page)
    page.locator(".plot-accuracy .legendtoggle").first.click()
    hidden = f"{ACCURACY}._fullData.filter((t) => t.visible === 'legendonly').map((t) => t.name)"
    page.wait_for_function(f"{hidden}.join() === 'training'")

    worker.report(10)
    worker.end_epoch()  # a shaded gap comes before the curves
    page.wait_for_function(f"({LENGTH}) === 20")
    page.wait_for_function(f"{ACCURACY}.data.length === 5")
    assert page.evaluate(f"{LOSS}.layout.xaxis.range") == shown
    assert page.evaluate(hidden) == ["training"]

    worker.state("paused")  # the script runs again
    expect(page.locator(".st-key-resume button").first).to_be_visible()
    worker.report(10)
    expect(page.locator(".st-key-pause button").first).to_be_visible()
    page.wait_for_function(f"({LENGTH}) === 30")
    assert page.evaluate(f"{LOSS}.layout.xaxis.range") == shown

    worker.state("stopped")
    expect(page.get_by_test_id("stSidebar")).to_contain_text("stopped")
    expect(page.locator(".live")).to_contain_text("Stopped")
    page.wait_for_function("liveStreams.open() === 0")
    page.wait_for_function(f"{LOSS}?.layout?.xaxis.range[0] === {shown[0]}")
    page.wait_for_function(f"{hidden}.join() === 'training'")


def test_the_curve_is_the_one_that_figures_draw_and_no_other_host_is_asked(
    page: Page, server: Server, worker: Worker, errors
):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    watch(page, server.url, worker)
    worker.report(890)
    page.wait_for_function(f"{LOSS}.data[1].x.at(-1) === 900")
    points = [tuple(p) for row in worker.run.metrics() for p in row["losses"]]
    wanted = figures.loss_curve([p[0] for p in points], [p[1] for p in points], 400)
    for number, trace in enumerate(wanted.data):
        drawn = page.evaluate(f"({{x: {LOSS}.data[{number}].x, y: {LOSS}.data[{number}].y}})")
        assert drawn["x"] == list(trace.x)
        assert np.allclose(drawn["y"], trace.y, atol=1e-4)
    own = (server.url, server.url.replace("http", "ws"), "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []
    assert any("/script/" in url for url in asked)


def test_the_axes_mean_something_before_there_is_anything(
    page: Page, server: Server, worker: Worker, errors
):
    page.goto(f"{server.url}/train?run={worker.run.id}")
    page.wait_for_function(f"{ACCURACY}?._fullLayout?.yaxis")
    assert page.evaluate(f"{ACCURACY}._fullLayout.yaxis.range") == [0, 1]
    assert page.evaluate(f"{LOSS}._fullLayout.yaxis.range") == [0, 2.5]
    worker.report(3)
    worker.end_epoch()  # training and validation accuracy are the same
    page.wait_for_function(f"({LENGTH}) === 3")
    page.wait_for_function(f"{ACCURACY}.data[0].x.length === 1")
    assert abs(page.evaluate(f"{LOSS}._fullLayout.yaxis.range[0]")) < 0.1
    low, high = page.evaluate(f"{ACCURACY}._fullLayout.yaxis.range")
    assert 0 <= low < 0.6 < high <= 1.01


def test_a_hidden_tab_is_quiet_and_catches_up(page: Page, server: Server, worker: Worker, errors):
    watch(page, server.url, worker)
    show = """(hidden) => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(show, True)
    assert page.evaluate("liveStreams.open()") == 0
    worker.report(10)
    worker.report(10)
    page.evaluate(show, False)
    page.wait_for_function(f"({LENGTH}) === 30")
    assert page.evaluate("liveStreams.open()") == 1
    assert page.evaluate(f"{LOSS}.data[1].x") == list(range(1, 31))


def test_a_cut_connection_recovers(page: Page, server: Server, worker: Worker, errors):
    with proxy(server.url) as (url, cut):
        watch(page, url, worker)
        cut()
        worker.report(10)
        page.wait_for_function(f"({LENGTH}) === 20")
        assert page.evaluate(f"{LOSS}.data[1].x") == list(range(1, 21))


def test_where_no_stream_passes_the_page_says_so_and_looks_itself(
    page: Page, server: Server, worker: Worker, errors
):
    page.route("**/live/*", lambda route: route.abort())
    watch(page, server.url, worker)
    expect(page.get_by_text("No live stream reaches this browser")).to_be_visible()
    worker.report(10)
    page.wait_for_function(f"({LENGTH}) === 20")
    worker.state("paused")
    expect(page.locator(".st-key-resume button").first).to_be_visible()


def test_inspects_picture_moves_while_the_network_learns(
    page: Page, server: Server, worker: Worker, errors
):
    page.goto(f"{server.url}/inspect?run={worker.run.id}")
    maps = page.locator('.flow [data-layer="1"] canvas')
    expect(page.locator(".flow .guess")).to_be_visible()
    sums = {maps.first.get_attribute("data-sum")}
    for winner in (3, 7):
        worker.report(5)
        while not watching.watched(worker.run):
            page.wait_for_timeout(50)
        worker.frame(winner)
        expect(page.locator(".flow .guess")).to_have_text(str(winner))
        expect(page.locator(".flow .score.winner .percent")).to_have_text("91.0%")
        sums.add(maps.first.get_attribute("data-sum"))
    assert len(sums) == 3
    before = page.locator(".flow").element_handle()
    worker.end_epoch()  # the rest follows by epochs: the script draws all anew
    page.wait_for_function("(old) => !old.isConnected", arg=before)


@contextmanager
def proxy(url: str) -> Iterator[tuple[str, Callable[[], None]]]:
    """An address that leads to `url`, and a call that cuts every connection through it."""
    target = ("127.0.0.1", int(url.rpartition(":")[2]))
    sockets: list[socket.socket] = []

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        close(source, sink)

    def close(*some: socket.socket) -> None:
        for one in some:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def accept() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(target)
            sockets.extend((near, far))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", lambda: close(*sockets)
        close(*sockets)


def test_the_answer_to_a_drawing_moves_while_the_network_learns(
    page: Page, server: Server, worker: Worker, errors
):
    page.goto(f"{server.url}/draw?run={worker.run.id}")
    draw_strokes(page, [[(2.8 * x, 2.8 * y) for x, y in s] for s in SAMPLE_STROKES["0"]])
    expect(page.locator(".live-answer .note")).to_contain_text("still training")
    for winner in (3, 7):
        worker.report(5)
        while not watching.watched(worker.run):
            page.wait_for_timeout(50)
        worker.frame(winner)
        expect(page.locator(".live-answer .note")).to_contain_text(f"(step {worker.step})")
        expect(page.locator(".live-answer .words")).to_contain_text(str(winner))
        bars = "document.querySelector('.live-answer .plot').data?.[0]"
        page.wait_for_function(f"{bars}?.x[{winner}] === 0.91")
