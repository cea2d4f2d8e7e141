"""The command `sweep`: one or more settings varied, every combination or by search."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from cnn.cli.parser import UsageError
from cnn.cli.train import new_config
from cnn.datasets import DATASETS
from cnn.presets import DEFAULT_PRESET, PRESETS
from cnn.runs import open_run, sweep_worker
from cnn.runs.sweep_parameters import parse_parameter
from cnn.runs.sweep_worker import run_sweep
from cnn.runs.sweeps import new_sweep, open_sweep


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Register `sweep`, and the process of one, with the main parser's subparsers."""
    sweep = commands.add_parser(
        "sweep", help="train with several settings, chosen between by validation accuracy"
    )
    what = sweep.add_mutually_exclusive_group()
    network = f"a network to start from (default: {DEFAULT_PRESET})"
    what.add_argument("--preset", choices=list(PRESETS), metavar="NAME", help=network)
    what.add_argument(
        "--architecture", type=Path, metavar="FILE.json", help="a network of your own"
    )
    what.add_argument("--resume", metavar="SWEEP", help="go on with a sweep that was cut off")
    sweep.add_argument("--dataset", choices=list(DATASETS), metavar="NAME")
    sweep.add_argument("--epochs", type=int, metavar="N", help="of each trial")
    sweep.add_argument("--device", default="auto", help="as for train (default: auto)")
    sweep.add_argument("--seed", type=int, metavar="S", help="of every trial, and of the search")
    sweep.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="any setting"
    )
    vary = (
        "a setting that varies: learning_rate=0.01,0.02, or for a search learning_rate=0.001..0.1"
    )
    sweep.add_argument("--vary", action="append", default=[], metavar="KEY=VALUES", help=vary)
    budget = "search by Optuna's TPE with median pruning, N trials (default: every combination)"
    sweep.add_argument("--budget", type=int, metavar="N", help=budget)
    sweep.add_argument("--name", default="", help="what to call the sweep")
    sweep.set_defaults(command=_sweep, first_filter=None)

    existing = commands.add_parser("sweep-worker", help="work on a sweep (the app starts this)")
    existing.add_argument("sweep")
    existing.set_defaults(command=lambda options: sweep_worker.main([options.sweep]))


def _sweep(options: argparse.Namespace) -> int:
    if options.resume:
        sweep = open_sweep(options.resume)
        sweep.forget_stop()  # Ctrl-C had asked for it
    elif not options.vary:
        raise UsageError("Name what varies: --vary learning_rate=0.01,0.02")
    else:
        parameters = [parse_parameter(text) for text in options.vary]
        base = new_config(options)
        sweep = new_sweep(base, parameters, options.budget, options.name)
    print(f"Sweep {sweep.id}", file=sys.stderr)
    try:
        state = run_sweep(sweep, lambda text: print(text, file=sys.stderr))
    except KeyboardInterrupt:
        sweep.ask_to_stop()
        for trial in sweep.trials()[-1:]:
            open_run(trial["run"]).send(stop=True)
        print(f"cnn: go on with 'python -m cnn sweep --resume {sweep.id}'", file=sys.stderr)
        return 130
    best = sweep.best()
    print(
        json.dumps(
            {
                "sweep": sweep.id,
                "state": state,
                "trials": [
                    {**result.trial, "validation_accuracy": result.validation}
                    for result in sweep.results()
                ],
                "best": best.trial if best else None,
                "best_validation_accuracy": best.validation if best else None,
                "importance": sweep.importance(),
            }
        )
    )
    return 1 if state == "failed" else 0
