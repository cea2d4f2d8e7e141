"""What the Compare page costs with many runs and long trainings.

    python -m benchmarks.compare [--runs 500] [--lines 10000] [--browser] [--quick]

Makes the runs in a temporary folder as the worker leaves them, each with so many lines of metrics,
and times, in a fresh process each: the table's rows for the first time and again, an overlay of ten
runs (from what the worker kept beside them, and from the metrics where nothing was kept); with
`--browser` also the page in Chromium, from the press on Compare to the last row. Beside the seconds
stands the processor time of the same work, which a busy machine disturbs less. A minute in all.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.tables import median_and_range, print_machine, print_table
from cnn import runs
from cnn.presets import PRESETS
from cnn.runs import curves

OVERLAID, DIFFERENT, ROUNDS = 10, 10, 3
WANTED = {"table": 1.5, "overlay": 1.0}  # seconds
MOST_WAITS = 60  # seconds for what starts with the server
LOSSES = 10  # points in a line
EPOCHS = 10

MEASURE = """
import json, sys, time
from cnn.runs.overview import overview
{imports}
times = []
for attempt in range(2):
    began, used = time.perf_counter(), time.process_time()
    {work}
    times.append([time.perf_counter() - began, time.process_time() - used])
print(json.dumps(times))
"""
TABLE = ("from ui.compare.run_table import _row", "[_row(s, False) for s in overview()[0]]")
OVERLAY = (
    "from cnn import figures, runs\nfrom cnn.runs.curves import curves\n"
    "from ui.compare.curves import line_of",
    "found = [runs.open_run(i) for i in sys.argv[1:]]\n"
    "    lines = [line_of(curves(r), r.name, 'Training loss', 'seconds') for r in found]\n"
    "    figures.overlay_curves(lines, 'seconds', 'Training loss', 50.0).to_json()",
)


def make_runs(count: int, lines: int) -> list[runs.Run]:
    """So many finished runs, each with so many lines of metrics, of `DIFFERENT` kinds: to read the
    lines of all would take longer than all that is measured. Runs of one kind share their files."""
    presets, made = list(PRESETS.values()), list[runs.Run]()
    for number in range(count):
        preset = presets[number % len(presets)]
        network = preset.architecture, preset.settings
        run = runs.new(*network, "mnist-sample", "cpu", preset.name, f"Run {number}")
        if number < DIFFERENT:
            write_metrics(run, lines, number)
            curves.keep(run)
        else:
            share_metrics(made[number % DIFFERENT], run)
        run.write_status(
            state="finished",
            device="cpu",
            best_validation=0.9 + number / 10_000,
            test_accuracy=0.9 + number / 10_000,
            train_seconds=60.0 + number,
            images_seen=600_000,
        )
        made.append(run)
    return made


def share_metrics(first: runs.Run, other: runs.Run) -> None:
    """Give `other` the metrics of `first`, and what is kept beside them, by hard links."""
    for name in ("metrics", "curves", "summary"):
        os.link(getattr(first.files, name), getattr(other.files, name))


def write_metrics(run: runs.Run, lines: int, number: int) -> None:
    """A metrics file of so many reports of ten steps each, with the ends of ten epochs."""
    per_epoch = max(lines // EPOCHS, 1)
    with run.files.metrics.open("w") as file:
        for i in range(1, lines + 1):
            steps = range(LOSSES * i - LOSSES + 1, LOSSES * i + 1)
            noise = [(s * 7919 + number) % 97 / 500 for s in steps]
            losses = [
                [s, round(2 / (1 + s / 500) + n, 5)] for s, n in zip(steps, noise, strict=True)
            ]
            row = {"kind": "report", "step": LOSSES * i, "epoch": i / per_epoch, "losses": losses}
            more = {"learning_rate": 0.01, "images_per_second": 4000.0, "accuracy": 0.9}
            file.write(json.dumps({**row, **more}, separators=(",", ":")) + "\n")
            if i % per_epoch == 0:
                epoch = i // per_epoch
                end = {"kind": "epoch", "step": LOSSES * i, "epoch": epoch, "seconds": 6.0}
                shares = {"train_accuracy": 0.9, "validation_accuracy": 0.9 + epoch / 200}
                loss = {"train_loss": 0.3, "validation_loss": 0.3 - epoch / 100}
                file.write(json.dumps({**end, **shares, **loss}) + "\n")


Times = tuple[float, float]  # seconds by the clock, and of the processor


def measure(what: tuple[str, str], ids: list[str]) -> tuple[Times, Times]:
    """What it takes for the first time in a process, and again."""
    code = MEASURE.format(imports=what[0], work=what[1])
    done = subprocess.run(
        [sys.executable, "-c", code, *ids], capture_output=True, text=True, check=True
    )
    first, again = json.loads(done.stdout.splitlines()[-1])
    return tuple(first), tuple(again)


def in_the_browser(folder: Path, count: int) -> tuple[Times, Times]:
    """From the press on Compare to the last row, and from the tenth tick to the curves: seconds by
    the clock, and what the server and the browser worked."""
    from playwright.sync_api import sync_playwright

    from tests.browsing import ARGUMENTS, idle, served
    from tests.get_browser import find_browser

    environment = {"CNN_RUNS_DIR": str(folder), "CNN_DATA_DIR": str(folder.parent / "data")}
    chromium = find_browser()
    with served(folder.parent / "log.txt", **environment) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{url}/learn")
        page.get_by_role("heading", level=1).wait_for()
        idle(page)
        for _ in range(MOST_WAITS):  # torch is loaded behind the first page
            resting = Stopwatch()
            page.wait_for_timeout(1000)
            if resting.times()[1] < 0.1:
                break
        started = Stopwatch()
        page.get_by_role("link", name="Compare").click()
        rows = page.locator(".run-table tbody tr")
        rows.nth(count - 1).wait_for(state="attached")
        table = started.times()
        for row in range(OVERLAID - 1):
            rows.nth(row).locator(".tick input").check()
        idle(page)
        started = Stopwatch()
        rows.nth(OVERLAID - 1).locator(".tick input").check()
        page.wait_for_function(
            "n => document.querySelector('.overlay-plot')?.data?.length >= n", arg=OVERLAID
        )
        overlay = started.times()
        browser.close()
    return table, overlay


class Stopwatch:
    """From now on: the clock, and the processor time of this process's children and theirs."""

    def __init__(self) -> None:
        self.began, self.worked = time.perf_counter(), self._worked()

    @staticmethod
    def _worked() -> float:
        import psutil

        used = 0.0
        for process in psutil.Process().children(recursive=True):
            try:
                times = process.cpu_times()
            except psutil.Error:
                continue  # it has just ended
            used += times.user + times.system
        return used

    def times(self) -> Times:
        """Since it was made."""
        return time.perf_counter() - self.began, self._worked() - self.worked


def main() -> None:
    """Make the runs, measure, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--browser", action="store_true")
    parser.add_argument("--quick", action="store_true", help="50 runs of 1,000 lines")
    options = parser.parse_args()
    count, lines = (50, 1_000) if options.quick else (options.runs, options.lines)
    print_machine()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "runs"
        folder.mkdir()
        os.environ.update(CNN_RUNS_DIR=str(folder), CNN_EXAMPLES_DIR="none")
        began = time.perf_counter()
        made = make_runs(count, lines)
        print(f"{count} runs of {lines:,} lines, made in {time.perf_counter() - began:.0f} s\n")
        ids = [run.id for run in made[-OVERLAID:]]
        rows = []
        for name, what, wanted in (("table", TABLE, count), ("overlay", OVERLAY, OVERLAID)):
            times = [measure(what, ids) for _ in range(ROUNDS)]
            label = f"{name} of {wanted} runs"
            rows.append(_row(f"{label}, for the first time", [t[0] for t in times], WANTED[name]))
            rows.append(_row(f"{label}, again", [t[1] for t in times], WANTED[name]))
        if options.browser:
            table, overlay = in_the_browser(folder, count)
            rows.append(
                _row("press on Compare to the last row (Chromium)", [table], WANTED["table"])
            )
            rows.append(_row("tenth tick to the curves (Chromium)", [overlay], WANTED["overlay"]))
        for run in made[-OVERLAID:]:
            run.files.curves.unlink()
            run.files.summary.unlink()
        first = measure(OVERLAY, ids)[0]
        rows.append(_row(f"overlay of {OVERLAID} runs, nothing kept beside them", [first], None))
        print_table(("what", "seconds", "processor time", "wanted"), rows)


def _row(what: str, times: list[Times], wanted: float | None) -> tuple[str, str, str, str]:
    clock, processor = (median_and_range(values, ".2f") for values in zip(*times, strict=True))
    return what, clock, processor, "" if wanted is None else f"{wanted:g}"


if __name__ == "__main__":
    main()
