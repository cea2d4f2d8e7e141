"""What axe-core finds on a page: nothing serious or critical that is ours, in one list."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")
# Streamlit's own, which no page can change: the place of each.
NOT_OURS = (
    '[data-testid="stSidebarHeader"]',
    '[data-testid="stSidebarNav"]',
    '[data-testid="stToolbar"]',
    '[data-testid="stHeader"]',
    '[data-testid="stNumberInputStepUp"]',
    '[data-testid="stNumberInputStepDown"]',
    '[data-testid="stTooltipIcon"]',
    '[data-testid="stCode"] pre',
    '[aria-hidden="true"]',
)
# `target-size` (24 px, WCAG 2.2) is off unless it is asked for; headings go down by one level.
FIND = """async (without) => {
    const place = { exclude: without.map((one) => [one]) };
    const rules = { "target-size": { enabled: true } };
    const found = await axe.run(place, { resultTypes: ["violations"], rules });
    const told = (id) => ({ target, failureSummary, html }) =>
        [id, target.join(" "), failureSummary.split("\\n")[1], html.slice(0, 160)].join(" | ");
    const serious = found.violations
        .filter(({ impact, id }) => impact === "serious" || impact === "critical")
        .flatMap(({ id, nodes }) => nodes.map(told(id)));
    const main = document.querySelector('[data-testid="stMain"]');
    const levels = [...main.querySelectorAll("h1, h2, h3, h4, h5, h6")]
        .filter((one) => one.checkVisibility()).map((one) => Number(one.tagName[1]));
    const jumps = levels.filter((level, i) => level > (levels[i - 1] ?? 0) + 1);
    return jumps.length ? [...serious, `headings: ${levels}`] : serious;
}"""


def serious(page: Page) -> list[str]:
    """Each serious or critical violation, and headings that leave a level out; empty: none."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE)
    found: list[str] = page.evaluate(FIND, list(NOT_OURS))
    return found
