"""What a run's live stream costs: the server for one and for thirty who watch, and the training.

    python -m benchmarks.stream [--quick]

A real server, a real training of Compact CNN, and watchers that read as a browser does. The
server's share of a core is its processor time over the wall clock. Then images per second of the
training with the Train page open in Chromium and without, in turns, and with frames of activation
maps (eight maps or units of every layer). Uses MNIST where it is on disk, else the bundled sample.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.latency import end, new_run, wait_for_step
from benchmarks.tables import median, median_and_range, print_machine, print_table
from cnn import datasets, runs
from cnn.runs import watching
from tests.browsing import ARGUMENTS, served
from tests.get_browser import find_browser

MAPS = 8  # of each layer


class Watchers:
    """Connections to a run's stream that read all they are sent, and count the frames."""

    def __init__(self, url: str, run: runs.Run, count: int):
        self.frames, self._open = 0, True
        address = f"{url}/live/{run.id}"
        self._threads = [
            threading.Thread(target=self._read, args=(address,), daemon=True) for _ in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def _read(self, address: str) -> None:
        with urllib.request.urlopen(address) as answer:
            while self._open and (line := answer.readline()):
                self.frames += line.startswith(b"data:")

    def close(self) -> None:
        """Leave, with the next event."""
        self._open = False
        for thread in self._threads:
            thread.join()


def server_share(server: psutil.Process, seconds: float) -> float:
    """Which share of a core the server takes over the next seconds."""
    before, began = server.cpu_times(), time.perf_counter()
    time.sleep(seconds)
    after = server.cpu_times()
    used = after.user + after.system - before.user - before.system
    return used / (time.perf_counter() - began)


@contextmanager
def asked_for_maps(run: runs.Run) -> Iterator[None]:
    """The worker is asked for maps of every layer, as if a page showed them."""
    images = datasets.load(datasets.default_dataset()).test_images[:1].numpy()
    first = tuple(range(MAPS))
    layers = dict.fromkeys(range(1, len(run.config.architecture.all_layers) + 1), first)
    watching.watch(run, [watching.Subject(images, layers)])
    asking = threading.Event()

    def keep_on() -> None:
        while not asking.wait(1.0):
            watching.still_watching(run)

    thread = threading.Thread(target=keep_on)
    thread.start()
    try:
        yield
    finally:
        asking.set()
        thread.join()
        watching.watch(run, ())


def images_per_second(run: runs.Run, seconds: float) -> float:
    """The training's speed over the next seconds, by its steps."""
    before, began = run.metrics()[-1]["step"], time.perf_counter()
    time.sleep(seconds)
    steps = run.metrics()[-1]["step"] - before
    return steps * run.config.settings.batch_size / (time.perf_counter() - began)


def measure_server(url: str, run: runs.Run, rounds: int, seconds: float) -> None:
    """The table of the server's shares, all numbers of watchers in turns."""
    server = next(p for p in psutil.Process().children() if "streamlit" in p.cmdline())
    shares: dict[int, list[float]] = {0: [], 1: [], 30: []}
    for _ in range(rounds):
        for count, found in shares.items():
            watchers = Watchers(url, run, count)
            time.sleep(1)
            found.append(server_share(server, seconds))
            watchers.close()
    print_table(
        ["watchers", "share of a core"],
        [[count, median_and_range(found, ".4f")] for count, found in shares.items()],
    )


def measure_training(url: str, run: runs.Run, rounds: int, seconds: float) -> None:
    """The table of speeds, watched and not, in turns; and with frames of maps besides."""
    from playwright.sync_api import sync_playwright

    found: dict[str, list[float]] = {"alone": [], "Train open in Chromium": [], "maps": []}
    browser_path = find_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=ARGUMENTS)
        for _ in range(rounds):
            found["alone"].append(images_per_second(run, seconds))
            page = browser.new_page()
            page.goto(f"{url}/train?run={run.id}")
            page.wait_for_function("document.querySelector('.plot-loss')?.data?.[1].x.length > 0")
            time.sleep(3)
            found["Train open in Chromium"].append(images_per_second(run, seconds))
            page.close()
            with asked_for_maps(run):
                time.sleep(1)
                found["maps"].append(images_per_second(run, seconds))
        browser.close()
    alone = median(found["alone"])
    rows = [
        [name, median_and_range(speeds, ".0f"), f"{1 - median(speeds) / alone:.1%}"]
        for name, speeds in found.items()
    ]
    print_table(["training", "images/s", "lost"], rows)


def measure_frames(run: runs.Run, seconds: float) -> None:
    """How many frames of maps the worker writes in a second."""
    seen = set()
    with asked_for_maps(run):
        time.sleep(1)
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            seen.add(run.files.frames.stat().st_mtime_ns)
            time.sleep(0.02)
    size = run.files.frames.stat().st_size
    print(f"\n{len(seen) / seconds:.1f} frames of maps a second, {size / 1000:.0f} kB each")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 5.0
    folder = tempfile.mkdtemp(prefix="stream-")
    os.environ["CNN_RUNS_DIR"] = folder
    print_machine()
    with served(Path(folder) / "server.log", CNN_RUNS_DIR=folder) as url:
        run = new_run()
        runs.launch(run)
        try:
            wait_for_step(run, 50)
            measure_server(url, run, options.rounds, options.seconds)
            measure_frames(run, options.seconds)
            measure_training(url, run, options.rounds, options.seconds)
        finally:
            end(run)


if __name__ == "__main__":
    main()
