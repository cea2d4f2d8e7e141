"""A server that has never trained anything: it answers at once with what comes with the app."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocket, expect

from cnn.runs.folders import examples_dir
from tests.browsing import draw_strokes, served
from tests.cnn.runs.test_examples import contents
from tests.strokes import SEVEN

FOLDERS = ("runs", "data")  # a fresh server has neither
expect.set_options(timeout=30_000)


@pytest.fixture
def fresh(tmp_path: Path, request: pytest.FixtureRequest):
    """The address of a server with empty folders; its examples are those that ship, or none."""
    examples = {"shipped": "", "none": str(tmp_path / "none")}[request.param]
    folders = {f"CNN_{name.upper()}_DIR": str(tmp_path / f"fresh-{name}") for name in FOLDERS}
    with served(tmp_path / "log", **folders, CNN_EXAMPLES_DIR=examples) as url:
        yield url


@pytest.mark.parametrize("fresh", ["shipped"], indirect=True)
def test_a_digit_is_answered_before_anything_was_trained(page: Page, fresh, tmp_path, examples):
    """From the first visit on: draw, read the answer, look inside, evaluate; nothing is written."""
    before = contents(examples_dir())
    page.goto(f"{fresh}/draw")
    expect(page.get_by_test_id("stSidebar")).to_contain_text("Compact CNN on MNIST")
    draw_strokes(page, SEVEN)
    expect(page.locator(".st-key-draw_winner h2")).to_have_text("7")
    expect(page.get_by_test_id("stSidebar")).not_to_contain_text("Loading")
    page.locator(".st-key-draw_inspect button").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Inspect")
    expect(page.get_by_text("MNIST is not on this machine")).to_be_visible()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Evaluate").click()
    expect(page.locator(".st-key-confusion .js-plotly-plot")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert contents(examples_dir()) == before
    assert not (tmp_path / "fresh-runs").exists()


@pytest.mark.parametrize("fresh", ["none"], indirect=True)
@pytest.mark.parametrize(
    "name",
    ["inspect", *(pytest.param(name, marks=pytest.mark.long) for name in ("draw", "evaluate"))],
)
def test_without_examples_an_empty_page_is_painted_whole(page: Page, fresh, name):
    """Also at a server's first visit; and Streamlit's own list of pages is never told of."""
    told: list[bytes | str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: told.append(frame))

    page.on("websocket", listen)
    page.goto(f"{fresh}/{name}")
    expect(page.get_by_text("No network has been trained yet.")).to_be_visible()
    expect(page.get_by_test_id("stSidebarNav").get_by_role("link")).to_have_count(8)
    expect(page.get_by_text("CURRENT RUN")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert told and not any(b"teacher" in frame for frame in told if isinstance(frame, bytes))
