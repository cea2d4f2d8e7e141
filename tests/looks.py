"""Every page as it looks: `python -m tests.looks [FOLDER]`. A tool for people, no test.

Writes each page and tab at two widths and in both themes, on a fresh server and on one with runs,
and a contact sheet of each such set: `looks/` (not tracked) unless another folder is named.
`--only used-wide-light-train` takes those whose names have that in them (a regular expression).
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, sync_playwright

from cnn import runs
from cnn.lessons.catalogue import LESSONS
from cnn.presets import PRESETS
from tests.browsing import ARGUMENTS, ROOT, idle, served
from tests.get_browser import find_browser

SIZES = {"wide": (1440, 900), "phone": (390, 844)}
TALLEST = 6000
DRAWN = "[...document.querySelectorAll('.live .plot')].every((one) => one.querySelector('svg'))"
PATIENCE = 180_000  # milliseconds: the machine may be busy with other things
PAGES = (
    *("play", "learn", "design", "train", "inspect", "draw", "evaluate", "compare"),
    *(f"learn?lesson={lesson.id}" for lesson in LESSONS),
    *(f"{page}?projector=on" for page in ("train", "inspect", "draw", "evaluate")),
)
TABS = {  # what is pressed on a page to see another part of it
    "inspect": (
        *("Arithmetic", "Filters", "Where it looks", "Over the epochs", "Surgery", "Test set"),
        "In 3D",
    ),
    "draw": ("Upload", "My digits", "Game"),
    "evaluate": ("Trust", "Robustness", "Labels", "Over-fitting"),
    "compare": ("Seeds", "Sweep", "Race"),
}
ACROSS, THUMB = 6, 300  # of a contact sheet


def views() -> Iterator[tuple[str, str | None]]:
    """Every page, and every tab of one."""
    for page in PAGES:
        yield page, None
        for tab in TABS.get(page, ()):
            yield page, tab


def take(page: Page, url: str, name: str, tab: str | None, file: Path) -> None:
    """One picture of the whole page; a line marks where the window ends."""
    page.goto(f"{url}/{name if name != 'play' else ''}")
    idle(page)
    if tab is not None:
        choice = page.get_by_test_id("stMain").get_by_text(tab, exact=True)
        if not choice.count():  # a page without a run has no parts
            return
        choice.first.click()
        idle(page)
    size = page.viewport_size
    assert size is not None
    whole = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({**size, "height": min(max(whole, size["height"]), TALLEST)})
    idle(page)
    page.wait_for_function(DRAWN)
    page.screenshot(path=file)
    page.set_viewport_size(size)
    with Image.open(file) as picture:
        marked = picture.convert("RGB")
    pen = ImageDraw.Draw(marked)
    for x in range(0, marked.width, 16):
        pen.line([(x, size["height"]), (x + 8, size["height"])], fill="#d9480f", width=2)
    marked.save(file)


def contact_sheet(files: list[Path], to: Path) -> None:
    """All pictures small, each under its name."""
    rows = -(-len(files) // ACROSS)
    height = int(THUMB * 1.25)
    sheet = Image.new("RGB", (ACROSS * (THUMB + 12), rows * (height + 28)), "#808080")
    pen = ImageDraw.Draw(sheet)
    for place, file in enumerate(files):
        x, y = place % ACROSS * (THUMB + 12), place // ACROSS * (height + 28)
        with Image.open(file) as picture:
            small = picture.resize((THUMB, round(picture.height * THUMB / picture.width)))
        sheet.paste(small.crop((0, 0, THUMB, min(height, small.height))), (x + 6, y + 22))
        pen.text((x + 6, y + 6), file.stem, fill="white")
    sheet.save(to)


def looks(browser: Browser, url: str, folder: Path, of: str, only: str) -> None:
    """The views of one server, in both widths and themes, whose names have `only` in them."""
    for (width, size), theme in product(SIZES.items(), ("light", "dark")):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=theme
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        files = []
        for name, tab in views():
            stem = "-".join(filter(None, (of, width, theme, name, tab))).lower()
            stem = re.sub(r"[^a-z0-9-]+", "-", stem)
            if not re.search(only, stem):
                continue
            file = folder / f"{stem}.png"
            take(page, url, name, tab, file)
            if file.exists():
                files.append(file)
        context.close()
        if not files:
            continue
        contact_sheet(files, folder / f"contact-{of}-{width}-{theme}.png")
        print(f"{len(files)} pictures: {of}, {width}, {theme}", flush=True)


def main() -> None:
    """Two servers: one that was never used, one with a run of one's own beside the examples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "looks")
    parser.add_argument("--only", default="", metavar="NAME", help="the pictures so named")
    options = parser.parse_args()
    folder = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    chromium = find_browser()  # asks Playwright in a session of its own
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for of in ("fresh", "used"):
            place = Path(temporary) / of
            place.mkdir()
            if of == "used":
                train_one(place)
            with served(place / "log.txt", CNN_RUNS_DIR=str(place)) as url:
                looks(browser, url, folder, of, options.only)
        browser.close()


def train_one(folder: Path) -> None:
    """A run of one's own: the smallest preset, on the sample that ships."""
    from cnn.runs.worker import run_worker

    os.environ["CNN_RUNS_DIR"] = str(folder)
    preset = PRESETS["tutorial"]
    settings = preset.settings.changed(epochs=2)
    run_worker(runs.new(preset.architecture, settings, "mnist-sample", "cpu"), background=False)


if __name__ == "__main__":
    main()
