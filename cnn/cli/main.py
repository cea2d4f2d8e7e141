"""The command line: `python -m cnn train --preset compact --dataset mnist-sample --epochs 1`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys

from tqdm import tqdm

from cnn import runs
from cnn.cli import compare, examples, export, predict, report, sweep, train
from cnn.cli.parser import Parser, UsageError
from cnn.common.server import ServerError
from cnn.common.text import excerpt, percent
from cnn.datasets import DATASETS, DataError, is_on_disk
from cnn.datasets.download import download
from cnn.network import ArchitectureError
from cnn.presets import PRESETS
from cnn.runs import worker
from cnn.training import SettingsError
from cnn.training.device import DeviceError
from cnn.training.devices import list_devices

MOST_MESSAGE = 1000  # characters

# What the user can put right, said in one line.
Refused = (
    *(UsageError, SettingsError, ArchitectureError, DeviceError, DataError, runs.RunError),
    ServerError,
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code (0 done, 1 failed, 2 wrong argument)."""
    try:
        options = _parser().parse_args(arguments)
        return options.command(options)
    except Refused as error:
        print(f"cnn: {excerpt(error, MOST_MESSAGE)}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `| head` has seen enough; nothing is left to flush into
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"cnn: {excerpt(error.filename or 'a file', 200)}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m cnn",
        description="Train small convolutional networks and read digits with them.",
        epilog="CNN_DATA_DIR, CNN_RUNS_DIR and CNN_EXAMPLES_DIR choose the folders (defaults: "
        "data/, runs/ and examples/).",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train.add_command(commands)
    predict.add_commands(commands)
    report.add_command(commands)
    compare.add_command(commands)
    sweep.add_commands(commands)
    for name, command, about in (
        ("runs", _runs, "list the runs"),
        ("presets", _presets, "list the networks to start from"),
    ):
        commands.add_parser(name, help=about).set_defaults(command=command)

    listing = commands.add_parser("devices", help="list the devices of this machine")
    listing.add_argument("--json", action="store_true", help="all that is known, for programs")
    listing.set_defaults(command=_devices)

    download = commands.add_parser("download", help="fetch a data set into CNN_DATA_DIR")
    download.add_argument(
        "dataset",
        choices=[name for name, d in DATASETS.items() if d.torchvision_name],
        metavar="NAME",
        help="one of: %(choices)s",
    )
    download.set_defaults(command=_download)
    export.add_commands(commands)
    examples.add_command(commands)

    existing = commands.add_parser("worker", help="train an existing run (the app starts this)")
    existing.add_argument("run")
    existing.set_defaults(command=lambda options: worker.main([options.run]))
    return parser


def _runs(options: argparse.Namespace) -> int:
    for run, problem in runs.survey():
        if problem:
            print(f"{run.id}  damaged: {problem}")
            continue
        status, config = run.status(), run.config
        score = status.get("test_accuracy")
        place = runs.place(run) if status["state"] == "queued" else None
        word = run.kind or status["state"]
        print(
            f"{run.id}  {word:<11}  {config.dataset:<12}  "
            f"{'-' if score is None else percent(score, 2):>7}  {run.name}"
            f"{f'  ({place.text_with_time})' if place else ''}"
        )
    return 0


def _devices(options: argparse.Namespace) -> int:
    if options.json:
        print(json.dumps([dataclasses.asdict(device) for device in list_devices()]))
        return 0
    for device in list_devices():
        print(f"{device.id:<8}  {device.label}{'  (bf16)' if device.bf16 else ''}")
    return 0


def _presets(options: argparse.Namespace) -> int:
    for preset in PRESETS.values():
        count = preset.architecture.parameters
        print(f"{preset.name:<16}  {count:>9,} parameters  {preset.label}")
    return 0


def _download(options: argparse.Namespace) -> int:
    if is_on_disk(options.dataset):
        print(f"{DATASETS[options.dataset].label} is already there.")
        return 0
    with tqdm(total=100, unit="%", file=sys.stderr) as bar:
        download(options.dataset, lambda share, _: bar.update(round(share * 100) - bar.n))
    print(f"{DATASETS[options.dataset].label} is ready.")
    return 0
