"""Drawing in a real browser: with the mouse, with a finger, and back again after a page switch."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SECONDS
from tests.browsing import draw_strokes, idle
from tests.strokes import ONE, SEVEN, ZERO, beside

expect.set_options(timeout=SECONDS)  # the first answer waits for torch


def winner(page: Page):
    return page.locator(".st-key-draw_winner h2")


@pytest.fixture
def sheet(page: Page, server):
    """The Draw page, ready for the pen."""
    page.goto(f"{server.url}/draw")
    page.locator("canvas.upper-canvas").wait_for()
    expect(page.get_by_text("Your turn")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    return page


def test_the_mouse_draws_and_what_was_drawn_is_read_and_taken_back(sheet: Page):
    draw_strokes(sheet, SEVEN)
    expect(winner(sheet)).to_have_text("7")
    # The sheet and the whole answer are seen together.
    for part in (
        sheet.locator("canvas.upper-canvas"),
        winner(sheet),
        sheet.locator(".js-plotly-plot").first,
    ):
        expect(part).to_be_in_viewport(ratio=1)

    sheet.keyboard.press("Delete")
    expect(sheet.get_by_text("Your turn")).to_be_visible()
    expect(winner(sheet)).to_have_count(0)
    sheet.keyboard.press("Control+z")
    expect(winner(sheet)).to_have_text("7")
    sheet.keyboard.press("Control+Shift+z")
    expect(sheet.get_by_text("Your turn")).to_be_visible()

    draw_strokes(sheet, ONE)
    expect(winner(sheet)).to_have_text("1")
    sheet.get_by_test_id("stSidebarNav").get_by_role("link", name="Evaluate").click()
    expect(sheet.get_by_role("heading", level=1)).to_have_text("Evaluate")
    sheet.get_by_test_id("stSidebarNav").get_by_role("link", name="Draw").click()
    expect(winner(sheet)).to_have_text("1")
    expect(sheet.get_by_test_id("stException")).to_have_count(0)


@pytest.mark.long  # tests/pages/test_draw.py reads numbers too
def test_a_number_is_read_digit_by_digit(sheet: Page):
    draw_strokes(sheet, beside(SEVEN, ZERO))
    expect(winner(sheet)).to_have_text("7 0")


@pytest.mark.long  # so does a drawing in test_fresh_server.py
def test_the_drawing_flows_on_to_inspect(sheet: Page):
    draw_strokes(sheet, SEVEN)
    expect(winner(sheet)).to_have_text("7")
    sheet.get_by_role("button", name=re.compile("Look inside")).click()
    expect(sheet.get_by_role("heading", level=1)).to_have_text("Inspect")
    expect(sheet.get_by_test_id("stException")).to_have_count(0)


def test_a_finger_draws_on_a_phone_and_the_page_stays_where_it_is(browser: Browser, server):
    context = browser.new_context(
        viewport={"width": 400, "height": 850}, has_touch=True, is_mobile=True
    )
    context.set_default_timeout(SECONDS)
    try:
        page = context.new_page()
        page.goto(f"{server.url}/draw")
        canvas = page.locator("canvas.upper-canvas")
        canvas.wait_for()
        expect(page.get_by_text("Your turn")).to_be_visible()
        idle(page)  # nothing moves any more where the finger is to be
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 400
        scrolled = "document.querySelector('[data-testid=stMain]').scrollTop"
        before = page.evaluate(scrolled)
        touch = context.new_cdp_session(page)

        def send(kind, *points):
            where = [{"x": box["x"] + x, "y": box["y"] + y} for x, y in points]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})

        (start, *rest), last = SEVEN[0], SEVEN[0][0]
        send("touchStart", start)
        for point in rest:
            for k in range(1, 7):
                send(
                    "touchMove",
                    tuple(a + (b - a) * k / 6 for a, b in zip(last, point, strict=True)),
                )
            last = point
        send("touchEnd")
        expect(winner(page)).to_have_text("7")
        assert page.evaluate(scrolled) == before
        answer = winner(page).bounding_box()
        assert answer and answer["y"] > box["y"] + box["height"] - 1  # directly below the sheet
        wide = (
            "(e => e.scrollWidth - e.clientWidth)(document.querySelector('[data-testid=stMain]'))"
        )
        assert page.evaluate(wide) == 0
        page.get_by_text("Upload", exact=True).first.click()
        kinds = page.get_by_text("per file", exact=False)
        assert "HEIF" in kinds.inner_text()
        assert kinds.evaluate("(e) => e.scrollWidth <= e.clientWidth || !e.clientWidth")
    finally:
        context.close()


def test_a_drawing_is_kept_by_its_key(sheet: Page):
    sheet.get_by_text("My digits", exact=True).click()
    expect(sheet.get_by_text("Nothing kept yet")).to_be_visible()
    draw_strokes(sheet, SEVEN)
    expect(sheet.locator(".st-key-mine_label_7 button").first).to_be_enabled()
    # A key is listened for once its button has settled, a moment after it can be pressed.
    expect(sheet.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    sheet.keyboard.press("7")
    expect(sheet.get_by_text("Kept as a 7. You have 1 now.")).to_be_visible()
    expect(sheet.get_by_text("How every run reads them")).to_be_visible()
