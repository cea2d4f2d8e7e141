"""Learn in a browser: something moved in each lesson; by keyboard on a phone; the tour."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cnn.lessons import LESSONS
from tests.browser.axe import serious
from tests.browsing import ROOT, draw_strokes, idle, served

expect.set_options(timeout=60_000)
TOY = ".toy.root"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, data_folder: Path) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("learner")
    places = {"CNN_RUNS_DIR": str(folder), "CNN_DATA_DIR": str(data_folder)}
    with served(
        folder.parent / "learner.log", CNN_EXAMPLES_DIR=str(ROOT / "examples"), **places
    ) as u:
        yield u


def press(page: Page, name: str) -> None:
    page.locator(TOY).get_by_role("button", name=name, exact=True).first.click()


def told(page: Page, name: str) -> str:
    """A value that the toy shows, as its script keeps it for tests."""
    return page.locator(TOY).first.get_attribute(f"data-{name}") or ""


def move_pixels(page: Page) -> None:
    for _ in range(4):
        press(page, "Move right by a pixel")
    assert (told(page, "one"), told(page, "cnn")) != ("7", "7")
    assert told(page, "cnn") == "7"


def move_convolution(page: Page) -> None:
    press(page, "Strokes")
    press(page, "Slanted ╱")
    expect(page.get_by_text("Done: this filter knows slanted strokes.")).to_be_visible()
    page.get_by_role("application", name="Activation map").focus()
    before = told(page, "value")
    for _ in range(8):
        page.keyboard.press("ArrowDown")
    assert told(page, "value") != before
    page.get_by_label("Weight in row 2, column 2").fill("3")
    expect(page.locator(TOY).get_by_role("button", name="Your own")).to_have_attribute(
        "aria-pressed", "true"
    )


def move_pooling(page: Page) -> None:
    press(page, "Move right by a pixel")
    itself, most, *_ = (float(share) for share in told(page, "stays").split())
    assert most > itself


def move_activations(page: Page) -> None:
    press(page, "Two layers")
    press(page, "None")
    expect(
        page.get_by_text("Without an activation function the two layers are one")
    ).to_be_visible()
    press(page, "Ten layers")
    press(page, "sigmoid")
    assert float(told(page, "left")) < 1e-6


def move_dense(page: Page) -> None:
    page.get_by_label("Trained for").fill("5")
    page.get_by_role("button", name="The weights of 3").click()
    expect(page.get_by_role("paragraph").filter(has_text="Products of 3 added up")).to_be_visible()
    assert told(page, "best") == "0"
    press(page, "Dropout")
    press(page, "Drop others")
    assert 300 < int(told(page, "off")) < 560


def move_learning(page: Page) -> None:
    for phase in ("forward", "loss", "backward", "update"):
        press(page, f"Step: {phase}")
        assert told(page, "phase") == phase
    press(page, "▶ Play to epoch 5")
    expect(page.locator(TOY).first).to_have_attribute("data-right", "4")
    press(page, "The loss as a landscape")
    press(page, "Too large")
    too_large = float(told(page, "final"))
    press(page, "Right")
    assert float(told(page, "final")) < too_large


def move_program(page: Page) -> None:
    for _ in range(12):
        press(page, "Next line")
    expect(page.get_by_text("Epoch 5/5")).to_be_visible()
    assert told(page, "step") == "confusion"


def move_overfitting(page: Page) -> None:
    press(page, "▶ Train both")
    page.wait_for_function(
        "Number([...document.querySelectorAll('*')].map((e) => e.shadowRoot?.querySelector("
        "'.toy')?.dataset.epoch).find(Boolean)) >= 2"
    )
    press(page, "❚❚ Pause")


def move_objects(page: Page) -> None:
    press(page, "Layer 3")
    expect(page.get_by_text("it sees 18×18 pixels")).to_be_visible()
    page.get_by_role("button", name="Map 5", exact=True).click()
    assert told(page, "best") == "7"


def move_limits(page: Page) -> None:
    press(page, "A star")
    expect(page.get_by_role("paragraph").filter(has_text="Ten answers are all")).to_be_visible()
    press(page, "Costs")
    assert told(page, "runs") == "2"


MOVES = {
    "pixels": move_pixels,
    "convolution": move_convolution,
    "pooling": move_pooling,
    "activations": move_activations,
    "dense": move_dense,
    "learning": move_learning,
    "program": move_program,
    "overfitting": move_overfitting,
    "objects": move_objects,
    "limits": move_limits,
}


def test_all_lessons_with_something_moved_in_each(page: Page, url: str):
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{url}/learn?lesson={LESSONS[0].id}")
    for number, lesson in enumerate(LESSONS, 1):
        title = f"{number}. {lesson.title}"
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page.locator(TOY).first).to_be_visible()
        MOVES[lesson.id](page)
        assert not errors, (lesson.id, errors)
        if number < len(LESSONS):
            page.get_by_role("button", name="Next:").last.press("Enter")


def test_a_drawing_is_still_there_when_its_lesson_is_opened_again(page: Page, url: str):
    page.goto(f"{url}/learn?lesson=pixels")
    press(page, "Blank sheet")
    page.get_by_role("application", name="28×28 pixels").press("Space")
    expect(page.locator(TOY).first).to_have_attribute("data-told", "yes")
    page.get_by_role("button", name="Next:").last.press("Enter")
    expect(page.get_by_role("application", name="Activation map")).to_be_visible()
    page.get_by_role("button", name="1", exact=True).click()
    expect(page.get_by_role("application", name="28×28 pixels")).to_be_visible()
    assert told(page, "ink") == "1"


def focused(page: Page) -> str:
    """The name of the control that has the keyboard, within components too."""
    return page.evaluate(
        """() => {
            let at = document.activeElement;
            while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
            return `${at.type ?? ""} ${at.getAttribute("aria-label") ?? at.innerText ?? ""}`.trim();
        }"""
    )


def tab_to(page: Page, name: str) -> None:
    """Press Tab until a control whose name has `name` in it is reached."""
    for _ in range(150):
        page.keyboard.press("Tab")
        if name in focused(page):
            return
    raise AssertionError(f"The keyboard does not reach '{name}'.")


WIDE = "([...document.querySelectorAll('*')].map((e) => e.shadowRoot?.querySelector('.toy.root'))"
WIDE = f"Math.max(...{WIDE}.filter(Boolean).map((e) => e.scrollWidth - e.clientWidth)))"


@pytest.mark.long
def test_all_lessons_on_a_phone_by_the_keyboard_alone_and_axe_finds_nothing(page: Page, url: str):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{url}/learn?lesson={LESSONS[0].id}")
    found = {}
    for number, lesson in enumerate(LESSONS, 1):
        title = f"{number}. {lesson.title}"
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page.locator(TOY).first).to_be_visible()
        idle(page)
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
        assert page.evaluate(WIDE) <= 0, f"{lesson.id} scrolls sideways"
        if problems := serious(page):
            found[lesson.id] = problems
        tab_to(page, "radio")
        page.keyboard.press("Space")
        expect(page.get_by_text(lesson.question.reveal[:40])).to_be_visible()
        if number < len(LESSONS):
            tab_to(page, "Next:")
            page.keyboard.press("Enter")
    assert found == {}


MOVING = """() => [document, ...[...document.querySelectorAll("*")].map((e) => e.shadowRoot)]
    .filter(Boolean).flatMap((root) => root.getAnimations())
    .filter((one) => one.playState === "running"
        && one.effect.getComputedTiming().endTime > 50).length"""


def test_what_was_moved_stands_in_the_address_and_goes_into_a_training(page: Page, url: str):
    """And nothing moves on its own for who asks for that."""
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{url}/learn?lesson=convolution&stride=2")
    expect(page.locator(TOY).first).to_be_visible()
    press(page, "Vertical edge")
    page.wait_for_url("**kernel=-1_0_1**")
    assert "stride=2" in page.url
    idle(page)
    assert page.evaluate(MOVING) == 0
    page.get_by_role("button", name="Train from these weights").click()
    expect(page.get_by_role("img", name="Your filter: −1 0 1 / −1 0 1 / −1 0 1")).to_be_visible()
    expect(page.get_by_role("button", name="with my filter for")).to_be_enabled()


@pytest.mark.long  # its steps: tests/pages/test_tour.py
def test_the_tour_by_doing_wide_and_narrow(page: Page, url: str):
    """Each step is shown at both widths, then done."""

    def step(words: str) -> None:
        expect(page.get_by_text(words).first).to_be_visible()
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            main = "document.querySelector('[data-testid=stMain]')"
            assert page.evaluate(f"{main}.scrollWidth - {main}.clientWidth") <= 0

    page.goto(url)
    page.get_by_role("button", name="Take the tour").click()
    step("Tour, 1 of 5")
    page.get_by_role("button", name="Train", exact=True).first.click()
    step("Tour, 2 of 5")
    page.get_by_role("slider", name="Dropout").first.press("ArrowRight")
    step("Tour, 3 of 5")
    page.get_by_role("link", name="Open Design").click()
    step("Tour, 3 of 5")
    page.get_by_role("button", name="Dropout", exact=True).first.click()
    step("Tour, 4 of 5")
    page.get_by_role("link", name="Open Inspect").click()
    page.locator(".st-key-inspect_flow button.tile").nth(3).click()
    step("Tour, 5 of 5")
    page.get_by_role("link", name="Open Draw").click()
    step("Tour, 5 of 5")
    draw_strokes(page, [[(140, 40), (140, 240)]])
    step("That was the tour")
    page.get_by_role("button", name="Close", exact=True).click()
    page.goto(url)
    idle(page)
    expect(page.get_by_role("button", name="Take the tour")).to_have_count(0)
