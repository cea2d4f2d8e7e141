"""Compare in the browser: ticks that stay when a run starts, an overlay, a zip out and in again."""

from __future__ import annotations

import shutil

from playwright.sync_api import Page, expect

from cnn import runs
from tests.browser.conftest import Server
from tests.made_runs import made_run

expect.set_options(timeout=30_000)


def made_for(server: Server, name: str, *accuracies: float, **settings: object) -> runs.Run:
    """A finished run in the server's folder."""
    run = made_run(name, accuracies, **settings)
    shutil.move(run.path, server.runs / run.id)
    return runs.Run(server.runs / run.id)


def test_ticks_overlay_export_and_import(page: Page, server: Server, tmp_path):
    first = made_for(server, "First", 0.7, 0.8, learning_rate=0.01)
    second = made_for(server, "Second", 0.8, 0.9, learning_rate=0.02)
    page.goto(f"{server.url}/compare")
    rows = page.locator(".run-table tbody tr")

    def box(run: runs.Run):
        return page.locator(f'tr[data-run="{run.id}"] .tick input')

    # Two ticks in a row, faster than the server answers; then somebody's run becomes the first row.
    expect(rows).to_have_count(3)
    box(first).check()
    box(second).check()
    traces = "document.querySelector('.overlay-plot')?.data?.map((t) => t.name)"
    page.wait_for_function(f"{traces}?.length === 2")
    assert sorted(page.evaluate(traces)) == ["First", "Second"]
    made_for(server, "Third", 0.6, 0.7, seed=3)
    page.get_by_text("Error rate").click()
    expect(rows).to_have_count(4)
    expect(box(first)).to_be_checked()
    expect(box(second)).to_be_checked()
    expect(page.locator(".run-table .count")).to_have_text("4 runs, 2 ticked")
    page.wait_for_function("document.querySelector('.overlay-plot').data[0].y[0] < 0.5")

    page.get_by_text("Settings that differ").click()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()

    # Search, sort: what is ticked stays ticked.
    page.get_by_role("searchbox", name="Search runs").fill("third")
    expect(rows).to_have_count(1)
    page.get_by_role("searchbox", name="Search runs").fill("")
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.locator('th[aria-sort="descending"]')).to_have_text("Test ↓")
    expect(box(first)).to_be_checked()

    # Out and in again.
    box(second).uncheck()
    zip_button = page.locator(".st-key-export_zip button").first
    expect(zip_button).to_be_enabled()
    with page.expect_download() as waiting:
        zip_button.click()
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)
    assert file.name == "First.zip"
    page.get_by_role("button", name="Import").click()
    page.locator("input[type=file]").set_input_files(file)
    page.locator(".st-key-import_run button").first.click()
    expect(rows.filter(has_text="First")).to_have_count(2)
    assert sum(path.name.count("-first-") for path in server.runs.iterdir()) == 2
    expect(page.get_by_test_id("stException")).to_have_count(0)
