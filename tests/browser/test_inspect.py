"""Inspect with the mouse: an image, a map, a pixel whose numbers add up, another epoch."""

import re
import shutil

import pytest
from playwright.sync_api import Locator, Page, expect

from cnn import runs
from cnn.presets import PRESETS
from tests.browser.conftest import SECONDS, Server
from tests.browsing import idle
from tests.made_runs import untrained_run

PARTS = ("before", "pixels")  # of the Map section: before an activation, and after

expect.set_options(timeout=20_000)  # a busy machine may need more than the usual five


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def shows_another(canvas: Locator, before: str | None) -> None:
    """Wait until a canvas shows another picture than it did."""
    expect(canvas).not_to_have_attribute("data-sum", before or "", timeout=SECONDS)
    expect(canvas).to_be_visible()


def test_from_an_image_to_the_numbers_behind_a_pixel(page: Page, server):
    page.goto(server.url)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Inspect").click()
    flow = page.locator(".st-key-inspect_flow")
    image = flow.get_by_role("button", name="The image", exact=True).locator("canvas")
    image.wait_for()
    # The page runs once more when torch is there; a click into that very run can be lost.
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()

    # Another image: the picture in the flow is another one.
    before = image.get_attribute("data-sum")
    page.locator(".st-key-inspect_next button").first.click()
    shows_another(image, before)

    # A map of the second convolution: it is marked, and drawn large.
    chosen = flow.locator("button.tile[data-layer='5']").nth(1)
    channel = chosen.get_attribute("data-channel")
    chosen.click()
    expect(flow.locator(f"button[data-id='5:{channel}']")).to_have_attribute("aria-current", "true")
    expect(flow.locator("path").first).to_be_attached()
    # Lines run on to the winning score; the arrow keys go on from the picture's one tab stop.
    runs_on = """flow => [...flow.querySelectorAll(".lines path")].some((line) => Math.abs(
        line.getPointAtLength(line.getTotalLength()).x + flow.getBoundingClientRect().left
        - flow.querySelector(".score.winner").getBoundingClientRect().left) < 2)"""
    assert flow.locator(".flow").evaluate(runs_on)
    expect(flow.locator("button[tabindex='0']")).to_have_count(1)
    flow.locator("button[aria-current]").press("ArrowRight")
    expect(flow.locator("[data-column='6'] button:focus")).to_have_count(1)
    large = page.get_by_role("img", name=f"Conv 8 × 3×3, map {channel}", exact=True)
    large.wait_for()
    # One order of maps: the flow's column is the beginning of the sheet of all of them.
    column = flow.locator("[data-column='5'] button.tile")
    every = page.locator(".st-key-map_whole_layer .tiles button")
    for place, tile in enumerate(column.all()):
        mark = tile.get_attribute("data-channel")
        expect(every.nth(place)).to_have_attribute("aria-label", f"map {mark}")

    # A pixel of it: the arithmetic opens at that place, and adds up.
    large.scroll_into_view_if_needed()
    box = large.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 5.5 / 14, box["y"] + box["height"] * 3.5 / 14)
    sums = page.locator(".st-key-inspect_arithmetic")
    expect(sums.locator(".where")).to_have_text("row 3, column 5")
    expect(sums.locator(".line .total")).to_be_visible()
    parts = sums.locator(".line .term:not(.total):not(.after) b").all_inner_texts()
    total = sums.locator(".line .total b").inner_text()
    assert len(parts) > 2
    assert abs(sum(map(number, parts)) - number(total)) < 0.001
    products = sums.locator(".product").first
    cells = [
        number(t) for t in products.locator(".matrix").nth(2).locator("span").all_inner_texts()
    ]
    assert len(cells) == 9
    assert abs(sum(cells) - number(products.locator(".sum").inner_text())) < 0.06  # two decimals

    # One step on, and the film of the sliding window.
    sums.get_by_role("button", name="One step on").click()
    expect(sums.locator(".where")).to_have_text("row 3, column 6")
    sums.get_by_role("button", name="Slide the window over the image").click()
    expect(sums.locator(".where")).not_to_have_text("row 3, column 6")
    sums.get_by_role("button", name="Slide the window over the image").click()
    expect(sums.locator(".play")).to_contain_text("Play")

    # Another epoch: the same map, with other values.
    tile = flow.locator(f"button[data-id='5:{channel}'] canvas")
    before = tile.get_attribute("data-sum")
    page.get_by_role("slider", name="Weights after epoch").press("Home")
    shows_another(tile, before)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_picture_and_part_in_one_window_and_the_picture_first_in_a_small_one(page: Page, server):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{server.url}/inspect?run={compact(server).id}")  # 14 layers
    flow, large = page.locator(".st-key-inspect_flow"), page.locator(".st-key-map_pixels canvas")
    large.wait_for()
    idle(page)
    assert bottom(large) <= 900
    tiles = [tile.bounding_box() for tile in flow.locator("[data-column] button.tile canvas").all()]
    assert min(box["width"] for box in tiles if box and box["width"] > 16) >= 44
    strip = flow.locator("[data-column='13'] button")
    assert bottom(strip) <= 900
    # An activation: before and after on one scale, which stands below both.
    flow.locator("[data-id^='3:']").first.click()
    page.locator(".st-key-map_before canvas").wait_for()
    idle(page)
    scales = [page.locator(f".st-key-map_{part} .scale").inner_text() for part in PARTS]
    assert scales[0] == scales[1]
    assert bottom(large) <= 900

    page.set_viewport_size({"width": 720, "height": 450})  # the same window at 200 %
    idle(page)
    box = flow.bounding_box()
    assert box and 0 <= box["y"] <= 225
    assert page.locator(".st-key-inspect_controls").bounding_box()["y"] > box["y"] + box["height"]

    page.set_viewport_size({"width": 390, "height": 844})
    expect(flow.locator(".above .score")).to_have_count(10)
    assert bottom(flow.locator(".above")) <= flow.locator(".layers").bounding_box()["y"]
    main = page.get_by_test_id("stMain")
    assert main.evaluate("e => e.scrollWidth - e.clientWidth") == 0


def compact(server: Server) -> runs.Run:
    """A run of the network that most people open, in the server's folder."""
    run = untrained_run(PRESETS["compact"].architecture)
    shutil.move(run.path, server.runs / run.id)
    return run


def bottom(shown: Locator) -> float:
    box = shown.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


def test_a_weight_is_typed_over(page: Page, server):
    page.goto(f"{server.url}/inspect?run={compact(server).id}")
    page.get_by_text("Surgery", exact=True).click()
    weight = page.get_by_role("spinbutton", name="row 1, column 1")
    weight.fill("9")
    weight.press("Enter")
    expect(page.get_by_text("Done so far: kernel of filter")).to_be_visible()
    expect(weight).to_have_value(re.compile("^9"))  # as it was typed: the field has the focus
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("Nothing is changed yet")).to_be_visible()
    expect(weight).not_to_have_value(re.compile("^9"))


@pytest.mark.long
def test_a_click_in_the_cloud_of_images_loads_that_image(page: Page, server):
    page.goto(server.url)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Inspect").click()
    page.get_by_text("Test set", exact=True).click()
    page.get_by_text("PCA", exact=True).click()  # at once
    field = page.locator(".st-key-inspect_cloud canvas.field")
    field.wait_for()
    number = page.get_by_role("spinbutton", name="Number")
    before = number.input_value()
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    assert box is not None
    card = page.locator(".st-key-inspect_cloud .card")
    spots = [(x / 20, y / 20) for x in range(6, 15) for y in range(6, 15)]
    for x, y in spots:  # until a point is under the mouse
        page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
        if card.is_visible() and f"image {before}" not in card.inner_text():
            break
    expect(card).to_be_visible()
    shown = card.locator(".words").inner_text().split()[-1]
    page.mouse.down()
    page.mouse.up()
    expect(number).to_have_value(shown)
