"""From the press on Start to the first point of the loss curve, in a real browser.

    python -m benchmarks.first_point [--rounds 3]

Starts an app of its own with the bundled sample. Cold: the first press on a fresh server, as soon
as the button can be pressed. Warm: a worker waits in standby. Without: `CNN_STANDBY=0`. The clock
runs in the page, from the press to the moment at which a point stands there; beside it the seconds
until the worker had written the initial weights, as its file says.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import Page, sync_playwright

from benchmarks.tables import median_and_range, print_machine, print_table
from cnn import runs
from tests.browsing import ARGUMENTS, choose, served
from tests.get_browser import find_browser

# `start` is the selector of the button's container.
CLOCK = """
(start) => {
  window.pressed = window.pointed = null;
  document.addEventListener("pointerdown", (event) => {
    if (event.target.closest(start)) window.pressed = Date.now();
  }, true);
  const look = () => {
    const curves = document.querySelector(".st-key-live_loss .js-plotly-plot, .plot-loss")?.data;
    if (window.pressed && !window.pointed && curves?.some((curve) => curve.x?.length))
      window.pointed = Date.now();
    requestAnimationFrame(look);
  };
  look();
}
"""


def is_one_in_standby() -> bool:
    """Whether a process in standby waits: it computes nothing for a moment."""
    for process in psutil.process_iter(["cmdline", "status"]):
        stopped = process.info["status"] == psutil.STATUS_STOPPED  # of another measurement
        if "cnn.runs.standby_worker" in (process.info["cmdline"] or []) and not stopped:
            before = sum(process.cpu_times()[:2])
            time.sleep(0.5)
            return sum(process.cpu_times()[:2]) == before and before > 0
    return False


def press(page: Page, url: str, folder: Path, wait_for_standby: bool) -> tuple[float, float]:
    """Seconds from the press to the point on the page, and to that in the run's files."""
    page.goto(f"{url}/train")
    choose(page, "Data set", "MNIST sample")
    page.locator(".st-key-start button:enabled").first.wait_for()
    while wait_for_standby and not is_one_in_standby():
        page.wait_for_timeout(200)
    page.evaluate(CLOCK, ".st-key-start")
    before = {path.name for path in folder.iterdir()}
    page.locator(".st-key-start button").first.click()
    page.wait_for_function("window.pointed !== null")
    pressed, pointed = page.evaluate("[window.pressed, window.pointed]")
    (made,) = [p for p in folder.iterdir() if p.name not in before and p.name[0] != "."]
    run = runs.Run(made)
    written = run.files.checkpoint(0).stat().st_mtime * 1000
    run.send(stop=True)
    while run.is_alive():
        page.wait_for_timeout(50)
    return (pointed - pressed) / 1000, (written - pressed) / 1000


def measure(rounds: int) -> list[list[str]]:
    """Rows of a table."""
    rows = []
    data = tempfile.mkdtemp(prefix="first-point-data-")
    executable = find_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        for label, standby, warm in (
            ("without standby", "0", False),
            ("cold", "1", False),
            ("warm", "1", True),
        ):
            seen: list[tuple[float, float]] = []
            for _ in range(rounds):
                folder = Path(tempfile.mkdtemp(prefix="first-point-"))
                environment = {"CNN_STANDBY": standby, "CNN_DATA_DIR": data}
                with served(folder / ".log", CNN_RUNS_DIR=str(folder), **environment) as url:
                    page = browser.new_page(viewport={"width": 1440, "height": 900})
                    page.set_default_timeout(60_000)
                    seen.append(press(page, url, folder, warm))
                    page.close()
            rows.append(
                [label, *(median_and_range(each, ".2f") for each in zip(*seen, strict=True))]
            )
        browser.close()
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print_machine()
    head = ["press on Start to ..., s", "first point on the page", "the worker is about to train"]
    print_table(head, measure(options.rounds))


if __name__ == "__main__":
    main()
