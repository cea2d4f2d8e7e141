"""What a folder of many runs, and a long training, cost the pages that look at them.

    python benchmarks/many_runs.py [RUNS] [LINES]

Makes the runs in a temporary folder, then times: surveying them all twice (the second time their
configs are known), all that Compare's table shows, and reading a metrics file of that many lines.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from cnn import runs
from cnn.presets import PRESETS


def timed(what: str, work: Callable[[], object]) -> None:
    """Print how long `work` takes."""
    began = time.perf_counter()
    work()
    print(f"{what:<40} {1000 * (time.perf_counter() - began):8,.0f} ms")


def table() -> list[tuple[object, ...]]:
    """What the table of runs on Compare shows."""
    found = [run for run, problem in runs.survey() if problem is None]
    return [
        (run.name, status["state"], status.get("test_accuracy"), config.architecture.parameters)
        for run in found
        for status, config in [(run.status(), run.config)]
    ]


def make_metrics(run: runs.Run, lines: int) -> None:
    """A metrics file of so many reports of ten steps, with an epoch's end after each thousand."""
    with run.files.metrics.open("w") as file:
        for i in range(1, lines + 1):
            losses = [[10 * i + k - 9, 2.0] for k in range(10)]
            row = {"kind": "report", "step": 10 * i, "epoch": i / 1000, "losses": losses}
            file.write(json.dumps({**row, "learning_rate": 0.1, "images_per_second": 1.0}) + "\n")
            if i % 1000 == 0:
                row = {"kind": "epoch", "step": 10 * i, "epoch": i // 1000, "train_accuracy": 0.9}
                file.write(json.dumps({**row, "validation_accuracy": 0.9}) + "\n")


def main() -> None:
    """Make the runs and time what pages do."""
    count, lines = (int(text) for text in (*sys.argv[1:3], "300", "200000")[:2])
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CNN_RUNS_DIR"] = folder
        presets = list(PRESETS.values())
        for i in range(count):
            preset = presets[i % len(presets)]
            run = runs.new(preset.architecture, preset.settings, "mnist-sample", name=f"Run {i}")
            run.write_status(state="finished", test_accuracy=0.99)
        print(f"{count} runs")
        timed("survey, for the first time", lambda: list(runs.survey()))
        timed("survey, again", lambda: list(runs.survey()))
        timed("Compare's table", table)
        make_metrics(run, lines)
        print(f"{lines:,} lines of metrics")
        timed("read, for the first time", run.metrics)
        timed("read, again", run.metrics)


if __name__ == "__main__":
    main()
