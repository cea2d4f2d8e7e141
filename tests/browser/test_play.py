"""Play in a browser, with the mouse alone, on a server that has never trained anything."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from cnn import runs
from tests.browser.conftest import Server
from tests.browsing import draw_strokes, idle, served

expect.set_options(timeout=60_000)

FRAMES = "Number(document.querySelector('.stage')?.dataset.frames ?? 0)"
POINTS = "document.querySelector('.plot-loss')?.data?.[1].x.length ?? 0"
EPOCHS = 20  # over which 100 images are learned by heart
SEVEN = [[(30, 35), (125, 35), (70, 130)]]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, data_folder: Path) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("never_trained")
    log = folder.parent / "never_trained.log"
    with served(log, CNN_RUNS_DIR=str(folder), CNN_DATA_DIR=str(data_folder)) as url:
        yield Server(url, folder)


@pytest.fixture(autouse=True)
def nothing_trains_on(fresh: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test leaves training or waiting would hold up the next."""
    yield
    monkeypatch.setenv("CNN_RUNS_DIR", str(fresh.runs))
    for run in runs.list_runs():
        if run.state in runs.ACTIVE:
            run.discard()
    deadline = time.monotonic() + 60
    while any(run.state in runs.ACTIVE for run in runs.list_runs()):
        assert time.monotonic() < deadline
        threading.Event().wait(0.1)


def press(page: Page, name: str) -> None:
    page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True).click()


def badge(page: Page, state: str) -> Locator:
    """The current run's state, in the sidebar."""
    return page.get_by_test_id("stSidebar").get_by_text(state)


def test_the_first_minutes_of_a_newcomer(page: Page, fresh: Server):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(fresh.url)
    expect(page.locator(".stage .score.winner")).to_be_visible()
    page.wait_for_function(f"{FRAMES} > 0")  # the random network at work

    button = page.locator(".st-key-play_train button")
    said = button.evaluate("button => { button.click(); return button.dataset.pressed; }")
    assert said == "Starting…"  # at once, however long the server takes
    page.wait_for_function(f"{POINTS} > 0")
    expect(page.locator("[data-pressed]")).to_have_count(0)
    seen = page.evaluate(FRAMES)
    page.wait_for_function(f"{FRAMES} > {seen} + 2")  # maps move
    points = page.evaluate(POINTS)
    page.wait_for_function(f"{POINTS} > {points}")  # and so does the curve

    draw_strokes(page, SEVEN)
    expect(page.locator(".stage .thumbs .chosen")).to_have_count(0)
    expect(page.locator(".stage .guess")).to_have_text("7")

    page.locator(".stage .thumbs button").nth(4).click()
    expect(page.locator(".stage .thumbs .chosen")).to_have_count(1)
    expect(page.locator(".stage .confusion i")).to_have_count(100)


def test_step_start_over_and_a_map_that_opens_on_inspect(page: Page, fresh: Server):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(fresh.url)
    press(page, "Start over")
    expect(page.locator(".st-key-play_words")).to_contain_text("seed 1", use_inner_text=True)
    press(page, "Step")
    expect(badge(page, "paused")).to_be_visible()
    expect(page.locator(".stage .numbers")).to_contain_text("loss")
    assert page.evaluate(POINTS) == 1
    press(page, "Step")
    page.wait_for_function(f"{POINTS} === 2")

    page.locator(".stage .tile").nth(2).hover()
    expect(page.locator(".stage .enlarged")).to_contain_text("map 2")
    page.locator(".stage .tile").nth(2).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Inspect")
    expect(page.get_by_label("Map, 0 to 23")).to_have_value("2")
    expect(page.get_by_test_id("stException")).to_have_count(0)


@pytest.mark.long  # what wins one: tests/cnn/presets/test_dares.py, tests/pages/test_play.py
def test_over_fitting_wins_a_dare(page: Page, fresh: Server):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(fresh.url)
    expect(page.locator(".stage .score.winner")).to_be_visible()
    idle(page)  # PyTorch is loaded, and the page has been drawn with it
    knob = page.get_by_role("slider", name="Training images")
    box = knob.locator("xpath=ancestor::div[1]").bounding_box()  # its thumb
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] - 300, middle, steps=8)
    page.mouse.up()
    expect(knob).to_have_attribute("aria-valuetext", "100")
    idle(page)  # the server knows it too
    expect(knob).to_have_attribute("aria-valuetext", "100")
    epochs = page.locator('[class*="st-key-play_epochs"]')
    epochs.get_by_test_id("stNumberInputStepUp").click()
    expect(epochs.get_by_role("spinbutton")).to_have_value("4")
    epochs.get_by_role("spinbutton").fill(str(EPOCHS))
    epochs.get_by_role("spinbutton").press("Enter")
    press(page, "Train")
    expect(page.get_by_text("Make it over-fit · won")).to_be_visible(timeout=150_000)
    expect(badge(page, "finished")).to_be_visible()


def test_all_of_it_fits_a_desktop_window_a_projector_and_a_phone(page: Page, fresh: Server):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(fresh.url)
    dares, words = page.locator(".st-key-play_dares"), page.locator(".st-key-play_words")
    expect(dares).to_be_in_viewport(ratio=1)
    expect(page.locator(".stage .below")).to_be_in_viewport()
    place = words.bounding_box()
    press(page, "Take the tour")
    expect(page.get_by_text("Tour, 1 of")).to_be_visible()
    idle(page)
    assert words.bounding_box() == place  # nothing below the tour has moved
    expect(dares).to_be_in_viewport(ratio=1)

    page.get_by_role("button", name="Projector mode").click()
    expect(page.get_by_role("button", name="Leave projector mode")).to_be_visible()
    press(page, "Leave the tour")
    idle(page)
    main = "document.querySelector('[data-testid=stMain]')"
    page.wait_for_function(f"{main}.scrollHeight <= {main}.clientHeight")
    fields = "[...document.querySelectorAll('.st-key-play_bar input')]"
    assert page.evaluate(f"{fields}.every(e => e.scrollWidth <= e.clientWidth)")  # no name is cut
    flow = "document.querySelector('.stage .flow')"
    assert page.evaluate(f"{flow}.scrollHeight <= {flow}.clientHeight")  # nor a score
    header = page.get_by_test_id("stHeader").bounding_box()
    assert words.bounding_box()["y"] >= header["y"] + header["height"]

    page.get_by_role("button", name="Leave projector mode").click()
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("document.querySelector('.stage .columns').clientWidth < 390")
    order = [".stage .top", ".stage .scores", ".stage .input", ".st-key-play_sheet"]
    order += [".stage .columns", ".stage .below", ".st-key-play_knobs"]
    idle(page)  # while the page is laid anew, it is there twice
    tops = [page.locator(part).bounding_box()["y"] for part in order]
    assert tops == sorted(tops)
    page.wait_for_function("document.querySelector('.plot-loss svg').clientWidth > 300")
    page.wait_for_function(f"{main}.scrollWidth <= 390")
