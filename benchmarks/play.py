"""Play in a real browser: first pictures, press to first point, frames a second, training lost.

    python -m benchmarks.play [--rounds 3] [--seconds 10]

Each round has a fresh server and a fresh browser window. *First pictures*: from opening the page to
the moment at which activation maps stand on it, while PyTorch is still being loaded. Then Train is
pressed once a worker waits in standby: the clock runs in the page, from the press to a point of the
loss curve. Then the training's own speed, by its metrics, with Play on screen and with the window
on an empty page, in turns; and how many frames of maps the page drew in a second meanwhile. Uses
MNIST where it is on disk, else the bundled sample.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.first_point import CLOCK, is_one_in_standby
from benchmarks.stream import images_per_second
from benchmarks.tables import median, median_and_range, print_machine, print_table
from cnn import datasets, runs
from tests.browsing import ARGUMENTS, served
from tests.get_browser import find_browser

EPOCHS = "30"  # longer than anything measured here
FRAMES = "Number(document.querySelector('.stage')?.dataset.frames ?? 0)"
TURNS = 2  # watched and unwatched, in each round

Found = dict[str, list[float]]


def first_pictures(page: Page, url: str) -> float:
    """Seconds from opening Play to its first maps."""
    began = time.perf_counter()
    page.goto(url)
    page.wait_for_function(f"{FRAMES} > 0")
    return time.perf_counter() - began


def press_train(page: Page) -> float:
    """Seconds from the press to the first point, on the page's own clock."""
    page.locator(".st-key-play_train button:enabled").wait_for()
    epochs = page.locator('[class*="st-key-play_epochs"] input')
    epochs.fill(EPOCHS)
    epochs.press("Enter")
    while not is_one_in_standby():
        page.wait_for_timeout(200)
    page.wait_for_timeout(1000)  # the rerun that the number of epochs asked for
    page.evaluate(CLOCK, ".st-key-play_train")
    page.locator(".st-key-play_train button").click()
    page.wait_for_function("window.pointed !== null")
    pressed, pointed = page.evaluate("[window.pressed, window.pointed]")
    return (pointed - pressed) / 1000


def watched_and_not(page: Page, run: runs.Run, seconds: float, found: Found) -> None:
    """Images per second with Play on screen and without, in turns, and the frames drawn."""
    address = page.url
    for _ in range(TURNS):
        time.sleep(2)
        before, began = page.evaluate(FRAMES), time.perf_counter()
        found["watched"].append(images_per_second(run, seconds))
        drawn = page.evaluate(FRAMES) - before
        found["frames"].append(drawn / (time.perf_counter() - began))
        page.goto("about:blank")
        time.sleep(2)
        found["alone"].append(images_per_second(run, seconds))
        page.goto(address)
        page.wait_for_function(f"{FRAMES} > 1")


def one_round(page: Page, url: str, folder: Path, seconds: float, found: Found) -> None:
    """Everything once, on a fresh server."""
    found["first pictures"].append(first_pictures(page, url))
    found["press to first point"].append(press_train(page))
    (path,) = [path for path in folder.iterdir() if (path / "config.json").is_file()]
    run = runs.Run(path)
    watched_and_not(page, run, seconds, found)
    run.send(stop=True)
    while run.is_alive():
        page.wait_for_timeout(50)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    print_machine()
    data, found, executable = str(datasets.data_dir().resolve()), defaultdict(list), find_browser()
    with sync_playwright() as playwright:
        for _ in range(options.rounds):
            browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
            folder = Path(tempfile.mkdtemp(prefix="play-"))
            with served(folder / ".log", CNN_RUNS_DIR=str(folder), CNN_DATA_DIR=data) as url:
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                page.set_default_timeout(60_000)
                one_round(page, url, folder, options.seconds, found)
            browser.close()
    lost = 1 - median(found["watched"]) / median(found["alone"])
    rows = [
        ["first pictures, s", median_and_range(found["first pictures"], ".2f")],
        ["press to first point, s", median_and_range(found["press to first point"], ".2f")],
        ["frames of maps drawn a second", median_and_range(found["frames"], ".1f")],
        ["images/s, Play on screen", median_and_range(found["watched"])],
        ["images/s, an empty page", median_and_range(found["alone"])],
        ["training lost while watched", f"{lost:.1%}"],
    ]
    print_table(["Compact CNN, as Play offers it", "median [range]"], rows)


if __name__ == "__main__":
    main()
