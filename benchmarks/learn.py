"""How fast a lesson answers to what is moved in it.

    python -m benchmarks.learn

In a headless browser, from the input to the second frame after it, when what it changed has been
painted. It fails (exit code 1) where a lesson's median is above 200 ms.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from cnn.lessons import LESSONS
from tests.browsing import ARGUMENTS, idle, served
from tests.get_browser import find_browser

LIMIT = 0.2  # seconds
REPEATS = 15
# What is pressed or moved in a lesson: buttons by their words, one after the other and again.
PRESSED: dict[str, tuple[str, ...]] = {
    "pixels": ("Move right by a pixel", "Move left by a pixel", "Digit 3", "Digit 7"),
    "convolution": ("Vertical edge", "Blur", "Edge, 5×5", "Horizontal edge"),
    "pooling": ("Move right by a pixel", "Move left by a pixel", "Digit 3", "Digit 7"),
    "activations": ("tanh", "GELU", "sigmoid", "ReLU"),
    "dense": ("The weights of 3", "Digit 4", "The weights of 8", "Digit 0"),
    "learning": ("One image", "One image", "New random weights"),
    "program": ("Next line",),
    "overfitting": ("From the start",),
    "objects": ("Digit 3", "Map 5", "Digit 4", "Map 9"),
    "limits": ("Adversarial nudge", "Noise", "A star", "Turned"),
}
# Presses a button of the toy; milliseconds until the browser has painted what came of it.
PRESS = """
(words) => new Promise((resolve) => {
  const toys = [...document.querySelectorAll('*')]
    .map((e) => e.shadowRoot?.querySelector('.toy.root')).filter(Boolean)
  const name = (b) => b.getAttribute('aria-label') ?? b.innerText.trim()
  const found = toys.flatMap((toy) => [...toy.querySelectorAll('button')])
    .find((b) => name(b) === words && b.checkVisibility())
  if (!found) return resolve(null)
  const began = performance.now()
  found.click()
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began)))
})
"""


def measured(page: Any, lesson: str) -> list[float]:
    """Seconds of each press in a lesson. Raises SystemExit where a button is missing."""
    seconds, pressed = [], PRESSED[lesson]
    for turn in range(REPEATS):
        words = pressed[turn % len(pressed)]
        found = page.evaluate(PRESS, words)
        if found is None:
            raise SystemExit(f"Lesson '{lesson}' has no button '{words}'.")
        seconds.append(found / 1000)
    return seconds


def main() -> int:
    """Print the table; 1 where a lesson is too slow."""
    from playwright.sync_api import sync_playwright

    argparse.ArgumentParser(description=__doc__.split("\n")[0]).parse_args()
    slow, everything, chromium = False, [], find_browser()
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        with served(Path(place) / "app.log", CNN_RUNS_DIR=place) as url:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(120_000)
            print(f"{'lesson':16} {'median ms':>10} {'slowest ms':>10}")
            for lesson in LESSONS:
                page.goto(f"{url}/learn?lesson={lesson.id}")
                page.locator(".toy.root").first.wait_for()
                idle(page)
                seconds = measured(page, lesson.id)
                everything += seconds
                median = statistics.median(seconds)
                slow = slow or median > LIMIT
                print(
                    f"{lesson.id:16} {1000 * median:10.0f} {1000 * max(seconds):10.0f}", flush=True
                )
            print(f"{'all':16} {1000 * statistics.median(everything):10.0f}")
        browser.close()
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
