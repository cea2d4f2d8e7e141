"""Before Start: how fast, how large a learning rate, and what the page says of both."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from cnn.export.share_link import to_link
from cnn.presets import PRESETS
from tests.browser.conftest import Server
from tests.browsing import idle

expect.set_options(timeout=60_000)


def test_the_start_is_near_for_the_keyboard(page: Page, server: Server):
    page.goto(f"{server.url}/train")
    start = page.locator(".st-key-start button").first
    expect(start).to_be_enabled()
    idle(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    stops = 1
    while not page.evaluate("document.activeElement.matches('[data-testid=stMain] button')"):
        page.keyboard.press("Tab")
        stops += 1
        assert stops <= 8


@pytest.mark.long  # both jobs as a page's: tests/cnn/runs/test_jobs.py, tests/pages/test_train.py
def test_speed_and_learning_rate_are_measured_before_the_start(page: Page, server: Server):
    tutorial = PRESETS["tutorial"]  # quick to measure
    link = to_link(tutorial.architecture, tutorial.settings, "mnist-sample")
    page.goto(f"{server.url}/train?net={link}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Train")
    expect(page.get_by_text("a rough guess; Measure gives the real one")).to_be_visible()

    page.locator(".st-key-measure button").first.click()
    speed = page.get_by_test_id("stMetricValue").filter(has_text="images/s")
    expect(speed).to_have_count(1)
    images = int(re.sub(r"\D", "", speed.inner_text()))
    assert images > 50
    expect(page.locator(".st-key-measure")).to_contain_text("Measure")
    expect(page.get_by_text("(as measured)")).to_be_visible()

    page.locator(".st-key-find_rate button").first.click()
    take = page.locator(".st-key-take_rate button").first
    expect(take).to_be_enabled()
    points = "document.querySelector('.st-key-rate_plot .js-plotly-plot').data[0].x.length"
    assert page.evaluate(points) > 20
    rate = re.sub(r"[^\d.e-]", "", take.inner_text().split("Take")[1])
    take.click()
    expect(take).to_be_disabled()
    field = page.get_by_role("spinbutton", name="Learning rate")
    expect(field).to_have_value(rate)
    field.fill("0.0123")  # and nothing covers what is typed
    expect(page.get_by_test_id("InputInstructions")).to_have_css("display", "none")
    expect(page.get_by_test_id("stException")).to_have_count(0)
