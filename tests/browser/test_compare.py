"""Compare in the browser: ticks that stay when a run starts, an overlay, a zip out and in again; a
sweep of four runs, a band of three seeds, a delete undone."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import Page, expect

from cnn import runs
from tests.browser.conftest import Server
from tests.made_runs import made_run

expect.set_options(timeout=60_000)


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

    page.get_by_text("What differs").click()
    expect(page.get_by_text("Everything else is the same.")).to_be_visible()

    # Search, sort: what is ticked stays ticked.
    page.get_by_role("searchbox", name="Search runs").fill("third")
    expect(rows).to_have_count(1)
    page.get_by_role("searchbox", name="Search runs").fill("")
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.locator('th[aria-sort="descending"]')).to_have_text("Test ↓")
    expect(box(first)).to_be_checked()

    # Out and in again.
    box(second).uncheck()
    page.get_by_role("button", name="Export").click()
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


def test_a_band_of_seeds_and_a_delete_undone(page: Page, server: Server):
    seeds = [made_for(server, "Seeds", 0.7, 0.8 + s / 100, seed=s) for s in range(3)]
    page.goto(f"{server.url}/compare")

    def box(run: runs.Run):
        return page.locator(f'tr[data-run="{run.id}"] .tick input')

    for run in seeds:
        box(run).check()
    plot = "document.querySelector('.overlay-plot')"
    page.wait_for_function(f"{plot}?.data?.length === 2")
    band, mean = page.evaluate(f"{plot}._fullData.map((t) => Array.from(t.y))")
    assert sorted(band) == pytest.approx([0.7, 0.7, 0.8, 0.82])
    assert mean == pytest.approx([0.7, 0.81])
    assert page.evaluate(f"{plot}.data[1].name") == "Seeds, 3 seeds"

    box(seeds[1]).uncheck()
    box(seeds[2]).uncheck()
    delete = page.locator(".st-key-delete_run button").first
    expect(page.locator(".st-key-open_run button").first).to_be_enabled()
    delete.click()
    page.locator(".st-key-delete_yes button").click()
    expect(box(seeds[0])).to_have_count(0)
    page.locator(".st-key-undo_delete button").click()
    expect(box(seeds[0])).to_have_count(1)
    assert seeds[0].name == "Seeds" and seeds[0].metrics()
    expect(page.get_by_test_id("stException")).to_have_count(0)


# Its processes: tests/cnn/cli/test_sweep.py; its page: tests/pages/test_compare.py.
@pytest.mark.long
def test_a_sweep_fills_its_table(page: Page, server: Server):
    run = made_for(server, "To sweep", 0.7, 0.8)
    page.goto(f"{server.url}/compare")
    page.locator(f'tr[data-run="{run.id}"] .tick input').check()
    page.locator(".st-key-compare_more").get_by_text("Sweep").click()
    for place, values in enumerate(("0.003, 0.01", "64")):
        field = page.get_by_role("textbox", name="Values").nth(place)
        field.fill(values)
        field.press("Enter")
    page.get_by_label("Epochs of a trial").fill("1")
    page.get_by_label("Epochs of a trial").press("Enter")
    page.locator(".st-key-sweep_start button").click()
    expect(page.get_by_text("of 2 trials")).to_be_visible()
    expect(page.get_by_text("2 of 2 trials")).to_be_visible()
    expect(page.get_by_text("Best so far")).to_be_visible()
    expect(page.locator(".js-plotly-plot .parcoords")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
