"""One visitor's whole way with the mouse: build, train, look inside, draw, evaluate, tidy up."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Server
from tests.browsing import choose, draw_strokes
from tests.strokes import SAMPLE_STROKES

expect.set_options(timeout=30_000)


def go(page: Page, name: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def longer_than(page: Page, points: int) -> int:
    """Wait until the loss curve has more than that many points; how many it has then."""
    curve = """(points) => {
        const plot = document.querySelector('.plot-loss');
        const length = plot && plot.data ? plot.data[plot.data.length - 1].x.length : 0;
        return length > points && length;
    }"""
    return page.wait_for_function(curve, arg=points).json_value()


@pytest.fixture
def no_traceback(page: Page):
    yield
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_the_whole_way(page: Page, context: BrowserContext, server: Server, no_traceback):
    # Build: the default network, one layer more.
    page.goto(server.url)
    go(page, "Design")
    rows = page.locator('.st-key-layer-list [class*="st-key-row_"]')
    expect(rows).to_have_count(14)
    page.locator(".st-key-add_dropout button").first.click()
    expect(rows).to_have_count(15)
    page.locator(".st-key-train button").first.click()

    # Train: on the sample, long enough to be met on the way.
    expect(page.get_by_role("heading", level=1)).to_have_text("Train")
    choose(page, "Data set", "MNIST sample")
    epochs = page.get_by_role("slider", name="Epochs")
    epochs.focus()
    page.keyboard.press("End")
    expect(page.locator(".st-key-start")).to_contain_text("200 epochs")
    page.locator(".st-key-start button").first.click()
    expect(page.locator(".st-key-pause button").first).to_be_enabled(timeout=60_000)
    longer_than(page, 0)
    longer_than(page, longer_than(page, 5))  # the curve grows while one looks on
    address = page.url

    # A second tab and a reload find the same run going on.
    other = context.new_page()
    other.goto(address)
    expect(other.locator(".st-key-stop button").first).to_be_visible()
    other.close()
    page.reload()
    page.locator(".st-key-pause button").first.click()
    expect(page.locator(".st-key-resume button").first).to_be_visible()
    expect(page.get_by_test_id("stSidebar")).to_contain_text("paused")
    page.locator(".st-key-resume button").first.click()
    expect(page.get_by_test_id("stSidebar")).to_contain_text("running")

    page.wait_for_function("document.querySelector('.plot-accuracy').data[0].x.length > 0")

    # Draw, while it trains: the answer, and the drawing after a page switch.
    go(page, "Draw")
    expect(page.get_by_text("Your turn")).to_be_visible()
    draw_strokes(page, [[(2.8 * x, 2.8 * y) for x, y in s] for s in SAMPLE_STROKES["0"]])
    expect(page.locator(".st-key-draw_winner")).to_contain_text("0")
    go(page, "Train")
    page.locator(".st-key-stop button").first.click()
    expect(page.get_by_test_id("stSidebar")).to_contain_text("stopped")
    expect(page.get_by_test_id("stSidebar")).to_contain_text("on the test set")
    go(page, "Draw")
    expect(page.locator(".st-key-draw_winner")).to_contain_text("0")

    # Look inside.
    go(page, "Inspect")
    expect(page.get_by_text("It reads")).to_be_visible()
    expect(page.get_by_text("Weights after epoch")).to_be_visible()

    # Evaluate: the matrix. Compare: rename, delete with the question, undo, and gone when left.
    go(page, "Evaluate")
    expect(page.locator(".st-key-confusion .js-plotly-plot")).to_be_visible()
    go(page, "Compare")
    run = next(path for path in server.runs.iterdir() if "compact" in path.name)
    row = page.locator(f'tr[data-run="{run.name}"]')
    row.get_by_role("button", name="Rename").click()
    page.get_by_role("textbox", name="Name").fill("My very own")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stSidebar")).to_contain_text("My very own")
    row.locator(".tick input").check()
    page.locator(".st-key-delete_run button").first.click()
    page.locator(".st-key-delete_no button").first.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert run.is_dir()
    page.locator(".st-key-delete_run button").first.click()
    page.locator(".st-key-delete_yes button").first.click()
    expect(row).to_have_count(0)
    assert not run.exists()
    page.locator(".st-key-undo_delete button").first.click()
    expect(row).to_have_count(1)
    assert run.is_dir()
    row.locator(".tick input").check()
    page.locator(".st-key-delete_run button").first.click()
    page.locator(".st-key-delete_yes button").first.click()
    expect(page.get_by_test_id("stSidebar")).to_contain_text("Small, trained")
    go(page, "Evaluate")
    assert not run.exists() and not list(server.runs.glob(".aside-*"))
