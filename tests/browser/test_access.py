"""Everybody can use it: axe-core finds nothing serious on any page, light or dark."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import SECONDS, Server
from tests.browsing import idle

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")
PAGES = ("", "learn", "design", "train", "inspect", "draw", "evaluate")
# Streamlit's own, which no page can change: the place of each.
NOT_OURS = (
    '[data-testid="stSidebarHeader"]',
    '[data-testid="stSidebarNav"]',
    '[data-testid="stToolbar"]',
    '[data-testid="stHeader"]',
    '[aria-hidden="true"]',
)
FIND = """async (without) => {
    const place = { exclude: without.map((one) => [one]) };
    const found = await axe.run(place, { resultTypes: ["violations"] });
    const told = (id) => ({ target, failureSummary, html }) =>
        [id, target.join(" "), failureSummary.split("\\n")[1], html.slice(0, 160)].join(" | ");
    return found.violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .flatMap(({ id, nodes }) => nodes.map(told(id)));
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(browser: Browser, server: Server, theme):
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, color_scheme=theme)
    context.set_default_timeout(SECONDS)
    page = context.new_page()
    found = {}
    for name in PAGES:
        page.goto(f"{server.url}/{name}")
        idle(page)
        page.evaluate(AXE)
        if problems := page.evaluate(FIND, list(NOT_OURS)):
            found[name or "play"] = problems
    context.close()
    assert found == {}
