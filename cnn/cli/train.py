"""The command `train`: in this process, or in several where a device takes them."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from tqdm import tqdm

from cnn import runs
from cnn.cli.export import read_architecture
from cnn.cli.predict import warn_near_chance
from cnn.common.text import duration, percent
from cnn.datasets import DATASETS, default_dataset, require_on_disk
from cnn.network import ArchitectureError
from cnn.presets import DEFAULT_PRESET, PRESETS
from cnn.runs import Run, State, Status, first_filter
from cnn.runs.worker import run_worker, stop_signals
from cnn.training import Settings, parse_settings
from cnn.training.device import takes_bf16
from cnn.training.devices import find_device, processes

POLL_SECONDS = 0.2
# tqdm's own times would count the waiting for the device as training.
BAR = "{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} epochs{postfix}"


def add_command(commands: argparse._SubParsersAction) -> None:
    """Register `train` with the main parser's subparsers."""
    train = commands.add_parser("train", help="train a network; prints one JSON line at the end")
    what = train.add_mutually_exclusive_group()
    network = f"a network to start from: {', '.join(PRESETS)} (default: {DEFAULT_PRESET})"
    what.add_argument("--preset", choices=list(PRESETS), metavar="NAME", help=network)
    own = "a network of your own"
    what.add_argument("--architecture", type=Path, metavar="FILE.json", help=own)
    data = f"{', '.join(DATASETS)} (default: mnist where it is on disk, else mnist-sample)"
    train.add_argument("--dataset", choices=list(DATASETS), metavar="NAME", help=data)
    train.add_argument("--epochs", type=int, metavar="N", help="default: what suits the network")
    device = "auto, cpu, cuda:0, cuda:all, mps; cpu:2 for two processes (default: auto)"
    train.add_argument("--device", default="auto", help=device)
    train.add_argument("--seed", type=int, metavar="S", help="the same seed gives the same run")
    train.add_argument("--name", default="", help="what to call the run")
    pairs = f"any setting: {', '.join(Settings.model_fields)}"
    own = (
        "weights that filter 0 of the first layer starts from: --first-filter=-1_-1_-1_0_0_0_1_1_1"
    )
    train.add_argument("--first-filter", type=_first_filter, metavar="W_W_...", help=own)
    train.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=pairs)
    train.set_defaults(command=_train)


def _train(options: argparse.Namespace) -> int:
    began = time.perf_counter()
    config = new_config(options)
    run = runs.create(config, options.name or runs.name_for(config))
    several = processes(find_device(options.device).id)
    with tqdm(total=run.config.settings.epochs, bar_format=BAR, file=sys.stderr) as bar:
        progress = _Progress(run, bar)
        if several:
            state = _in_processes(run, progress)
        else:
            state = run_worker(run, lambda _: progress.update(), background=False)
    status = run.status()
    if state in ("failed", "interrupted"):
        message = status.get("message") or "the training process was killed; its log says more"
        print(f"cnn: {message}", file=sys.stderr)
        return 1
    warn_near_chance(run)
    print(json.dumps(_result(run, status, state, time.perf_counter() - began)))
    return 0


def new_config(options: argparse.Namespace) -> runs.Config:
    """What the arguments ask to train. Raises what is said of a wrong argument."""
    if options.architecture:
        architecture, settings, preset = read_architecture(options.architecture), Settings(), None
    else:
        chosen = PRESETS[options.preset or DEFAULT_PRESET]
        architecture, settings, preset = chosen.architecture, chosen.settings, chosen.name
    if problem := architecture.problem():
        raise ArchitectureError(problem)
    pairs = [f"{k}={v}" for k in ("epochs", "seed") if (v := getattr(options, k)) is not None]
    settings = parse_settings(settings, pairs + options.set)
    dataset = options.dataset or default_dataset()
    require_on_disk(dataset)
    takes_bf16(find_device(options.device), settings.precision, architecture.convolutional)
    mine = options.first_filter
    return runs.new_config(architecture, settings, dataset, options.device, preset, mine)


def _first_filter(text: str) -> first_filter.FirstFilter:
    try:
        return first_filter.read(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _result(run: Run, status: Status, state: State, in_all: float) -> dict[str, object]:
    """The one line that scripts read. `seconds` were spent training, as everywhere else; `in_all`
    counts the waiting for the device, the loading and the scoring too."""
    epochs = [row for row in run.metrics() if row["kind"] == "epoch"]
    accuracy, trained = status.get("test_accuracy"), status.get("train_seconds")
    return {
        "run": run.id,
        "state": state,
        "test_accuracy": None if accuracy is None else round(accuracy, 5),
        "train_accuracy": epochs[-1]["train_accuracy"] if epochs else None,
        "validation_accuracy": epochs[-1]["validation_accuracy"] if epochs else None,
        "seconds": trained,
        "seconds_in_all": round(in_all, 2),
        "images_per_second": round(status.get("images_seen", 0) / trained) if trained else None,
        "dataset": run.config.dataset,
        "device": status.get("device"),
        "precision": status.get("precision"),
    }


def _in_processes(run: Run, progress: _Progress) -> State:
    """Train as the app does, in the background. Ctrl-C here asks it to stop, as in one process:
    what was learned is kept and scored."""
    asked: list[bool] = []  # by a signal, which may come while the run is being written
    with stop_signals(lambda: asked.append(True)):
        runs.launch(run)
        while (state := run.state) in runs.ACTIVE:
            if asked:
                asked.clear()
                run.send(stop=True)
            progress.update()
            time.sleep(POLL_SECONDS)
        progress.update()
        return state


class _Progress:
    """Shows on a progress bar where a run stands, with a line for each epoch."""

    def __init__(self, run: Run, bar: tqdm):
        self._run, self._bar, self._written = run, bar, 0

    def update(self) -> None:
        """Read the run's newest metrics."""
        rows = self._run.metrics()
        for row in rows:
            if row["kind"] != "epoch" or row["epoch"] <= self._written:
                continue
            self._written = row["epoch"]
            if row["validation_accuracy"] is not None:
                self._bar.write(
                    f"epoch {row['epoch']}: train {percent(row['train_accuracy'], 2)}, "
                    f"validation {percent(row['validation_accuracy'], 2)}",
                    file=sys.stderr,
                )
        if reports := [row for row in rows if row["kind"] == "report"]:
            last = reports[-1]
            self._bar.n = round(last["epoch"], 2)
            trained = self._run.last_status().get("train_seconds", 0.0)
            self._bar.set_postfix_str(
                f"{duration(trained)} of training, loss {last['losses'][-1][1]:.4f}, "
                f"{last['images_per_second']:,.0f} images/s"
            )
