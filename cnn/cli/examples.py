"""The command `make-examples`: what comes with the app already trained, made anew.

Functions import torch, and what needs it, themselves: `--help` answers without.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cnn import runs
from cnn.common.text import percent
from cnn.datasets import DATASETS, require_on_disk
from cnn.presets import DEFAULT_PRESET, PRESETS
from cnn.runs.examples import publish
from cnn.runs.folders import examples_dir

PRESETS_OF = {"example-compact": DEFAULT_PRESET, "example-tutorial": "tutorial"}


def add_command(commands: argparse._SubParsersAction) -> None:
    """Register `make-examples` with the main parser's subparsers."""
    make = commands.add_parser(
        "make-examples", help="train anew the runs that come with the app (minutes)"
    )
    digits = [name for name, dataset in DATASETS.items() if dataset.has_digits]
    data = "what to train on: %(choices)s (default: %(default)s)"
    make.add_argument("--dataset", choices=digits, default="mnist", metavar="NAME", help=data)
    make.add_argument(
        "--folder", type=Path, default=examples_dir(), help="where to (default: %(default)s)"
    )
    make.set_defaults(command=_make_examples)


def _make_examples(options: argparse.Namespace) -> int:
    """Fit the out-of-distribution detector, train each example, and put all of it into a folder."""
    from cnn.recognition import calibration, detector
    from cnn.runs.weights import load_model
    from cnn.runs.worker import run_worker

    require_on_disk(options.dataset)
    options.folder.mkdir(parents=True, exist_ok=True)
    _say("Fitting the out-of-distribution detector")
    fitted = detector.fit(options.dataset)
    detector.publish(fitted, options.folder, options.dataset)
    for run_id, preset in PRESETS_OF.items():
        chosen = PRESETS[preset]
        run = runs.new(chosen.architecture, chosen.settings, options.dataset, "cpu", preset)
        _say(f"Training {run.name}")
        if run_worker(run, background=False) != "finished":
            raise runs.RunError(f"'{run.name}' did not finish: {run.status().get('message')}")
        for epoch in run.checkpoints():
            calibration.calibrate(run, load_model(run, epoch), fitted)
        publish(run, options.folder / run_id)
        score = percent(run.status()["test_accuracy"], 2)
        _say(f"{options.folder / run_id}: {score} on the test set")
        run.delete()
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
