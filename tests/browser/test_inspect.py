"""Inspect with the mouse: an image, a map, a pixel whose numbers add up, another epoch."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SECONDS

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
    large = page.get_by_role("img", name=f"Conv 8 × 3×3, map {channel}", exact=True)
    large.wait_for()

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


def test_a_click_in_the_cloud_of_images_loads_that_image(page: Page, server):
    page.goto(server.url)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Inspect").click()
    page.get_by_text("Test set", exact=True).click()
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
