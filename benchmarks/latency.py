"""How long people wait, and what the app and a training cost each other.

    python -m benchmarks.latency [--quick]

From the launch to the worker's first step, cold against what importing PyTorch takes alone, and
handed to a worker in standby (a press in a browser: `first_point`); one
prediction with all activation maps; a rerun of the Train page beside a run that has ended and
beside one that trains on the CPU, by thread count; and what those reruns cost the training. Uses
MNIST where it is on disk, else the bundled sample.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.tables import median, median_and_range, print_machine, print_table
from cnn import datasets, runs
from cnn.presets import PRESETS
from cnn.runs import standby
from cnn.training.device import cores

ROOT = Path(__file__).parent.parent
PAUSE = 0.5  # seconds between two reruns: a person who moves sliders without a rest


def imports() -> float:
    """Seconds that PyTorch's import takes, in a process of its own."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch, torchvision"], check=True)
    return time.perf_counter() - began


def new_run() -> runs.Run:
    """Compact CNN for longer than any measurement here."""
    preset = PRESETS["compact"]
    settings = preset.settings.changed(epochs=200)
    return runs.new(preset.architecture, settings, datasets.default_dataset(), "cpu")


def wait_for_step(run: runs.Run, step: int = 1) -> None:
    """Until the run's metrics hold that step."""
    while True:
        rows = run.metrics()
        if rows and rows[-1]["step"] >= step:
            return
        if run.state not in runs.ACTIVE:
            raise SystemExit(run.log())
        time.sleep(0.005)


def end(run: runs.Run) -> None:
    """Stop it and wait until its process is gone."""
    run.send(stop=True)
    while run.is_alive():
        time.sleep(0.05)


def first_step() -> float:
    """Seconds from the launch to the first step's loss in the metrics."""
    run, began = new_run(), time.perf_counter()
    runs.launch(run)
    wait_for_step(run)
    seconds = time.perf_counter() - began
    end(run)
    return seconds


def first_step_in_standby() -> float:
    """The same, handed to a worker that waits in standby."""
    if not standby.start():
        raise SystemExit("No worker can wait in standby here: CNN_STANDBY=0, or too little memory.")
    while not standby.state()[1]:
        time.sleep(0.05)
    return first_step()


def predictions(count: int) -> list[float]:
    """Milliseconds of one image through Compact CNN with every layer's output kept."""
    import torch

    from cnn.inspection.activations import layer_outputs

    architecture = PRESETS["compact"].architecture
    model, x = architecture.build().eval(), torch.rand(1, 1, 28, 28)
    times = []
    for _ in range(count + 3):
        began = time.perf_counter()
        layer_outputs(model, architecture, x)
        times.append((time.perf_counter() - began) * 1000)
    return times[3:]


class TrainPage:
    """The real page with a run's live panel, in Streamlit's own runner: what the server does for a
    click, the collection of garbage after it included."""

    def __init__(self, run: runs.Run) -> None:
        from streamlit.testing.v1 import AppTest

        from ui.shared import models

        logging.disable(logging.WARNING)
        self._app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        self._app.query_params["run"] = run.id
        self._app.run()
        models.loader().join()
        self._app.switch_page("pages/train.py").run()
        self.rerun()

    def rerun(self) -> float:
        """Milliseconds of one rerun."""
        began = time.perf_counter()
        self._app.run()
        gc.collect()  # as the server does, and AppTest does not
        return (time.perf_counter() - began) * 1000


def speed_while(run: runs.Run, seconds: float, page: TrainPage | None) -> tuple[float, list[float]]:
    """Images per second of `run` over `seconds`, and the page's reruns meanwhile."""
    before, began, reruns = run.metrics()[-1]["step"], time.perf_counter(), []
    while time.perf_counter() - began < seconds:
        if page:
            reruns.append(page.rerun())
        time.sleep(PAUSE)
    steps = run.metrics()[-1]["step"] - before
    return steps * run.config.settings.batch_size / (time.perf_counter() - began), reruns


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0)
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 4.0
    os.environ["CNN_RUNS_DIR"] = tempfile.mkdtemp(prefix="latency-")
    os.chdir(ROOT)
    print_machine()

    pairs = [(imports(), first_step()) for _ in range(options.rounds)]
    handed_over = [first_step_in_standby() for _ in range(options.rounds)]
    standby.end()
    first_steps = median_and_range([step for _, step in pairs], ".2f")
    against_import = f"{median([step / alone for alone, step in pairs]):.2f} times the import"
    print_table(
        ["from start to ...", "median", ""],
        [
            ["PyTorch imported, s", median_and_range([alone for alone, _ in pairs], ".2f"), ""],
            ["the worker's first step, s", first_steps, against_import],
            ["the first step in standby, s", median_and_range(handed_over, ".2f"), ""],
            ["a prediction with all maps, ms", median_and_range(predictions(50), ".1f"), ""],
        ],
    )

    page = TrainPage(runs.list_runs()[0])
    idle = [page.rerun() for _ in range(12 * options.rounds)]
    rows = [["idle", "–", median_and_range(idle, ".0f"), "1.00", "–", "–"]]
    whole = None
    for threads in sorted({1, cores()}, reverse=True):
        alone, together, reruns = [], [], []
        os.environ["OMP_NUM_THREADS"] = str(threads)
        run = new_run()
        runs.launch(run)
        wait_for_step(run, 50)
        page = TrainPage(run)
        for _ in range(options.rounds):
            alone.append(speed_while(run, options.seconds, None)[0])
            speed, times = speed_while(run, options.seconds, page)
            together.append(speed)
            reruns += times
        end(run)
        whole = whole or median(alone)
        against_idle = f"{median(reruns) / median(idle):.2f}"
        row = [
            f"training, {threads} threads",
            median_and_range(alone),
            median_and_range(reruns, ".0f"),
            against_idle,
        ]
        rows.append([*row, median_and_range(together), f"{1 - median(together) / whole:.0%}"])
    head = ["Train page", "images/s alone", "rerun, ms", "against idle", "images/s with reruns"]
    print()
    print_table([*head, "lost against all threads alone"], rows)


if __name__ == "__main__":
    main()
