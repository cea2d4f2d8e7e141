"""Building a network with the mouse and the keyboard, in the real page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browsing import idle

expect.set_options(timeout=60_000)  # a busy machine is no failure


def open_design(page: Page, server) -> None:
    page.goto(server.url)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Design").click()
    expect(picture(page).locator(".block").first).to_be_visible()
    expect(page.locator(".st-key-export")).to_be_visible()


def picture(page: Page) -> Locator:
    return page.locator(".st-key-network_picture")


def block(page: Page, number: int) -> Locator:
    """The front face of a layer's block."""
    return picture(page).locator(f'[data-layer="{number}"] path:nth-of-type(3)')


def rows(page: Page) -> Locator:
    return page.locator('.st-key-layer-list [class*="st-key-row_"]')


def layers(page: Page, count: int) -> None:
    expect(rows(page)).to_have_count(count)
    expect(picture(page).locator(".block")).to_have_count(count)


def choose_preset(page: Page, label: str) -> None:
    page.get_by_role("combobox", name=re.compile("Start from")).click()
    page.get_by_role("option", name=label, exact=True).click()


def palette(page: Page, kind: str) -> Locator:
    return page.locator(f".st-key-add_{kind} button").first


def drag(page: Page, source: Locator, target: Locator, below: bool) -> None:
    start, end = source.bounding_box(), target.bounding_box()
    assert start and end
    page.mouse.move(start["x"] + 40, start["y"] + start["height"] / 2)
    page.mouse.down()
    y = end["y"] + (end["height"] - 2 if below else 2)
    page.mouse.move(end["x"] + 60, y, steps=8)
    page.mouse.up()


def test_a_network_is_built_with_the_mouse(page: Page, server):
    open_design(page, server)
    choose_preset(page, "Tutorial: one dense layer")
    layers(page, 2)

    palette(page, "conv2d").click()  # goes above Flatten, where it works
    layers(page, 3)
    expect(rows(page).first).to_contain_text("Conv 16 × 3×3")
    expect(rows(page).first).to_contain_text("16×28×28")
    palette(page, "activation").click()
    palette(page, "max_pool2d").click()
    layers(page, 5)
    expect(rows(page).nth(2)).to_contain_text("16×14×14")

    block(page, 1).hover()  # the picture tells, and opens the card
    expect(picture(page).locator(".tip")).to_contain_text("output 16×28×28")
    block(page, 1).click()
    card = page.locator('.st-key-layer-list [class*="st-key-card_feature-extraction_chosen_"]')
    expect(card).to_have_count(1)
    expect(card).to_contain_text("Slides small learned filters")

    slider = card.get_by_role("slider", name="Filters")  # a moved slider shows at once
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(rows(page).first).to_contain_text("17×28×28")
    expect(rows(page).nth(2)).to_contain_text("17×14×14")
    expect(picture(page).locator('[data-layer="3"]')).to_have_attribute(
        "aria-label", re.compile("17×14×14")
    )

    page.get_by_role("combobox", name=re.compile("Start from")).focus()  # its field's own undo
    page.keyboard.press("Control+z")
    page.get_by_role("heading", level=1).click()
    expect(rows(page).first).to_contain_text("17×28×28")
    page.keyboard.press("Control+z")
    expect(rows(page).first).to_contain_text("16×28×28")
    page.keyboard.press("Control+z")
    layers(page, 4)
    page.keyboard.press("Control+Shift+z")
    layers(page, 5)
    expect(page.get_by_role("button", name="Train this network")).to_be_enabled()


def test_cards_are_dragged_and_an_impossible_order_is_fixed_by_one_button(page: Page, server):
    open_design(page, server)
    choose_preset(page, "Tutorial: one dense layer")
    layers(page, 2)
    drag(page, palette(page, "conv2d"), rows(page).first, below=False)
    layers(page, 3)
    expect(rows(page).first).to_contain_text("1 · Conv")
    idle(page)  # its card opens, which moves the one below
    drag(page, rows(page).first, rows(page).nth(1), below=True)
    expect(rows(page).first).to_contain_text("1 · Flatten")
    expect(page.get_by_role("button", name="Fix layer 2 first")).to_be_enabled()
    expect(page.get_by_role("alert")).to_contain_text(
        "its input is a flat vector", ignore_case=True
    )
    page.get_by_role("button", name="Move it above Flatten").click()
    expect(rows(page).first).to_contain_text("1 · Conv")
    expect(page.get_by_role("button", name="Train this network")).to_be_enabled()


def test_the_picture_is_saved_as_svg_and_png(page: Page, server, tmp_path: Path):
    open_design(page, server)
    with page.expect_download() as saved:
        picture(page).get_by_role("button", name="SVG").click()
    svg = Path(saved.value.path()).read_text()
    assert saved.value.suggested_filename == "Compact CNN.svg"
    assert svg.startswith("<svg") and svg.count("<title>") == 14
    with page.expect_download() as saved:
        picture(page).get_by_role("button", name="PNG").click()
    assert Path(saved.value.path()).read_bytes()[:4] == b"\x89PNG"


def test_figures_are_whole_the_heaviest_layer_is_seen_and_sliders_can_be_hit(page: Page, server):
    open_design(page, server)
    page.set_viewport_size({"width": 1440, "height": 900})
    layers = page.locator(".st-key-layer-list")
    cut = """list => [...list.querySelectorAll('p')].filter((one) => one.scrollWidth >
        one.parentElement.clientWidth + 1).map((one) => one.textContent)"""
    assert layers.evaluate(cut) == []
    share = """list => [...list.querySelectorAll('[class*="st-key-parameters_"]')].map((cell) =>
        [cell.innerText, parseFloat(getComputedStyle(cell, '::after').width) / cell.clientWidth])"""
    shares = dict(layers.evaluate(share))
    assert shares["41,472"] == pytest.approx(1, abs=0.01)
    assert shares["10,368"] == pytest.approx(0.25, abs=0.01)
    rows(page).first.get_by_role("button").click()
    slider = page.get_by_role("slider", name="Filters")
    expect(slider).to_be_visible()
    wide = slider.locator("xpath=ancestor::*[@data-testid='stSlider']").bounding_box()
    assert wide and wide["width"] >= 170


def test_the_page_fits_a_phone(page: Page, server):
    open_design(page, server)
    page.set_viewport_size({"width": 400, "height": 800})
    expect(picture(page).get_by_text("12 MaxPool")).to_be_visible()
    expect(rows(page).nth(8)).to_contain_text("41,472")
    for figure in ("9 · Conv 96", "41,472"):
        expect(rows(page).nth(8).get_by_text(figure)).to_be_visible()
    main = page.get_by_test_id("stMain")
    assert main.evaluate("e => e.scrollWidth - e.clientWidth") == 0
    box = picture(page).locator("svg").bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= 400
