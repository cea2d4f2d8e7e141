"""Evaluate: a click on a cell of the confusion matrix, its image in Inspect, and back."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Page, expect

from cnn import datasets, evaluation, runs
from tests.browser.conftest import Server


def test_a_click_on_a_cell_shows_its_images_and_inspect_leads_back(
    page: Page, server: Server
) -> None:
    (folder,) = (path for path in server.runs.iterdir() if (path / "config.json").is_file())
    probabilities = evaluation.test_probabilities(runs.Run(folder))
    labels = datasets.load("mnist-sample").test_labels.numpy()
    guesses = probabilities.argmax(1)
    counts = evaluation.confusion_matrix(labels, guesses, 10)
    np.fill_diagonal(counts, 0)
    truth, guess = divmod(int(counts.argmax()), 10)
    there = np.flatnonzero((labels == truth) & (guesses == guess))
    first = int(there[probabilities[there].max(1).argmax()])

    page.goto(f"{server.url}/evaluate?run={folder.name}")
    plot = page.locator(".js-plotly-plot").first
    plot.locator(".point").first.wait_for()
    area = plot.locator(".nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    cell = (box["width"] * (guess + 0.5) / 10, box["height"] * (truth + 0.5) / 10)
    area.click(position={"x": cell[0], "y": cell[1]})
    words = page.get_by_text(f"{truth} read as {guess}: {len(there)}", exact=True)
    expect(words).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("#skip-link")).to_be_hidden()
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    expect(page.locator(".stApp")).to_have_css("background-color", "rgb(255, 255, 255)")
    main = page.get_by_test_id("stMain")  # whole, not the part of it that the window shows
    assert main.evaluate("e => e.clientHeight >= e.scrollHeight") and main.bounding_box()["x"] == 0
    heading = page.get_by_test_id("stElementContainer").filter(has=words).last
    expect(heading).to_have_css("break-after", "avoid")
    page.emulate_media(media="screen")
    marked = plot.evaluate("plot => plot.data.find((t) => t.name == 'cells').selectedpoints")
    assert marked == [10 * truth + guess]  # the figure is the same one, and still shows the choice

    page.locator(f".st-key-cell_{truth}_{guess}_{first} button").first.click()
    expect(page.get_by_role("heading", name="Inspect")).to_be_visible()
    expect(page.get_by_label("Number, 0 to 999")).to_have_value(str(first))
    page.get_by_role("link", name="Back to Evaluate").click()
    expect(words).to_be_visible()
    expect(page.locator(f".st-key-box_cell_{truth}_{guess}_{first}")).to_be_in_viewport()
