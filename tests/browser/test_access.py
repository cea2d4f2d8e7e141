"""Everybody can use it: axe-core finds nothing serious on any page, light or dark, at rest and
after what one mainly does there. (The lessons: tests/browser/test_learn.py.)"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import serious
from tests.browser.conftest import SECONDS, Server, discard_runs
from tests.browsing import draw_strokes, idle
from tests.made_runs import made_run
from tests.strokes import SEVEN


def choose_an_image(page: Page) -> None:
    page.locator(".stage .thumbs button").nth(4).click()
    expect(page.locator(".stage .thumbs .chosen")).to_have_count(1)


def open_a_card(page: Page) -> None:
    page.locator('.st-key-layer-list [class*="st-key-row_"] button').first.click()
    page.get_by_role("slider", name="Filters").wait_for()
    page.get_by_role("radio", name="PyTorch").or_(
        page.get_by_text("PyTorch", exact=True)
    ).first.click()


def operate(page: Page) -> None:
    """The part with the most kinds of controls."""
    page.get_by_text("Surgery", exact=True).click()
    page.get_by_role("spinbutton", name="row 1, column 1").wait_for()


def draw(page: Page) -> None:
    draw_strokes(page, SEVEN)


def tick_two(page: Page) -> None:
    for box in page.locator(".run-table tbody .tick input").all()[:2]:
        box.check()


def click_a_cell(page: Page) -> None:
    """The first class's first: there are always images that it reads rightly."""
    plot = page.locator(".js-plotly-plot").first
    plot.locator(".point").first.wait_for()
    plot.locator(".nsewdrag").first.click(position={"x": 12, "y": 12})
    page.get_by_text("0, read rightly:").wait_for()


def train(page: Page) -> None:
    """A training that has begun, with its curves, and the form for another."""
    page.get_by_role("button", name=re.compile("^Train ")).first.click()
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("button", name="Resume").wait_for()
    page.locator(".live .guesses canvas").first.wait_for()
    page.get_by_text("Train another", exact=True).click()


def stay(page: Page) -> None:
    """Its first view is its main one."""


VISITS: dict[str, Callable[[Page], None]] = {
    "": choose_an_image,
    "learn": stay,
    "design": open_a_card,
    "train": train,
    "inspect": operate,
    "draw": draw,
    "evaluate": click_a_cell,
    "compare": tick_two,
}


@pytest.fixture
def trained_id(server: Server) -> str:
    """The trained run's, in a folder that holds another one to compare it with."""
    (first, *more) = sorted(path.parent.name for path in server.runs.glob("*/config.json"))
    if not more:
        run = made_run("Another", (0.7, 0.8), learning_rate=0.01)
        shutil.move(run.path, server.runs / run.id)
    return first


@pytest.mark.parametrize(
    ("theme", "acting"),
    [
        ("light", False),
        pytest.param("light", True, marks=pytest.mark.long),
        pytest.param("dark", True, marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing_serious_on_any_page(
    browser: Browser, server: Server, trained_id: str, theme: str, acting: bool
) -> None:
    """At rest, and where `acting` after what one does there."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, color_scheme=theme)
    context.set_default_timeout(SECONDS)
    page = context.new_page()
    found = {}
    for name, act in VISITS.items():
        page.goto(f"{server.url}/{name}?run={trained_id}")
        idle(page)
        found[f"{name or 'play'}, at rest"] = serious(page)
        if theme == "dark" and name == "evaluate":  # a table is a canvas: on paper turned to light
            page.emulate_media(media="print")
            table = page.locator('[data-testid="stDataFrame"] canvas').first
            expect(table).to_have_css("filter", re.compile("invert"))
            page.emulate_media(media="screen")
        if act is stay or not acting:
            continue
        act(page)
        page.mouse.move(0, 0)  # what is under the mouse has other colours
        idle(page)
        found[f"{name or 'play'}, {act.__name__}"] = serious(page)
    context.close()
    discard_runs(server.runs)
    assert {where: what for where, what in found.items() if what} == {}
