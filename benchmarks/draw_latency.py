"""From lifting the pen to the new answer, measured in a real browser.

    python -m benchmarks.draw_latency [URL] [--strokes 20] [--all-runs]

URL is a running app (`streamlit run app.py`). Without it a fresh server is started, with empty
folders of runs and data, and drawn at as soon as PyTorch is loaded. Draws a seven and takes it
back, again and again; the time runs in the page itself, from the mouse-up event to the moment at
which the winner stands there (with --all-runs: the table of all runs is there too). Prints one JSON
object: the first answer (of a fresh server: which has loaded nothing else), and of those from the
third on median, 90th percentile and all times, in milliseconds.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browsing import ARGUMENTS, draw_strokes, served
from tests.get_browser import find_browser

SEVEN: list[tuple[float, float]] = [(80, 60), (200, 60), (130, 230)]
# Notes the time of the last mouse-up, and the first moment after it at which `done()` holds.
CLOCK = """
(selector) => {
  window.lifted = null; window.answered = null;
  document.addEventListener("mouseup", () => { window.lifted = performance.now(); }, true);
  const look = () => {
    if (window.lifted !== null && window.answered === null && document.querySelector(selector))
      window.answered = performance.now();
  };
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true,
    characterData: true, attributes: true});
}
"""


def measure(url: str, strokes: int, all_runs: bool) -> list[float]:
    """Milliseconds of each stroke; the first may load the network."""
    times: list[float] = []
    executable = find_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(60_000)
        page.goto(f"{url}/draw")
        page.get_by_text("Your turn").wait_for()
        page.get_by_text("Loading", exact=False).wait_for(state="detached")
        done = ".st-key-draw_side_by_side" if all_runs else ".st-key-draw_winner h2"
        page.evaluate(CLOCK, done)
        if all_runs:
            draw_strokes(page, [SEVEN])
            page.get_by_text("All runs", exact=True).click()
            page.locator("[data-testid=stDataFrame]").wait_for()
            page.keyboard.press("Delete")
            page.get_by_text("Your turn").wait_for()
        for _ in range(strokes + 2):
            page.wait_for_timeout(500)  # a person's pause; no two answers at once
            page.evaluate("window.lifted = window.answered = null")
            draw_strokes(page, [SEVEN])
            page.wait_for_function("window.answered !== null")
            times.append(page.evaluate("window.answered - window.lifted"))
            page.keyboard.press("Delete")
            page.get_by_text("Your turn").wait_for()
            page.locator(done).wait_for(state="detached")
        browser.close()
    return times


@contextlib.contextmanager
def fresh_server() -> Iterator[str]:
    """The address of an app that has neither runs nor data sets."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folders = {"CNN_RUNS_DIR": f"{folder / 'runs'}", "CNN_DATA_DIR": f"{folder / 'data'}"}
        with served(folder / "log", **folders) as url:
            yield url


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?")
    parser.add_argument("--strokes", type=int, default=20)
    parser.add_argument("--all-runs", action="store_true")
    chosen = parser.parse_args()
    with contextlib.ExitStack() as opened:
        url = chosen.url or opened.enter_context(fresh_server())
        first, _, *times = measure(url.rstrip("/"), chosen.strokes, chosen.all_runs)
    print(
        json.dumps(
            {
                "first_ms": round(first),
                "median_ms": round(statistics.median(times)),
                "p90_ms": round(statistics.quantiles(times, n=10)[-1]),
                "times_ms": [round(t) for t in times],
            }
        )
    )


if __name__ == "__main__":
    main()
