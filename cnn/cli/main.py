"""The command line: `python -m cnn train --preset compact --dataset mnist-sample --epochs 1`."""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from cnn import runs
from cnn.cli import export, train
from cnn.datasets import DATASETS, DataError, is_on_disk
from cnn.network import ArchitectureError
from cnn.presets import PRESETS
from cnn.training import SettingsError
from cnn.training.devices import DeviceError

IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff"}


class UsageError(ValueError):
    """An argument that makes no sense; shown in one line, exit code 2."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code (0 done, 1 failed, 2 wrong argument)."""
    try:
        options = _parser().parse_args(arguments)
        return options.command(options)
    except (
        UsageError, SettingsError, ArchitectureError, DeviceError, DataError, runs.RunError,
    ) as error:  # fmt: skip
        print(f"cnn: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `| head` has seen enough; nothing is left to flush into
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"cnn: {error.filename or 'a file'}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


class _Parser(argparse.ArgumentParser):
    """argparse, but what is wrong is said in one line, without the usage above it."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. See '{self.prog} --help'.")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m cnn",
        description="Train small convolutional networks and read digits with them.",
        epilog="CNN_DATA_DIR and CNN_RUNS_DIR choose the folders (defaults: data/ and runs/).",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train.add_command(commands)

    predict = commands.add_parser("predict", help="read digits; one JSON line per item")
    predict.add_argument("run", help="as 'python -m cnn runs' lists it")
    predict.add_argument(
        "paths", nargs="+", metavar="PATH", help="image, folder of images, or .jsonl[.gz] strokes"
    )
    predict.set_defaults(command=_predict)

    evaluate = commands.add_parser("evaluate", help="score a run on its test set; prints JSON")
    evaluate.add_argument("run", help="as 'python -m cnn runs' lists it")
    evaluate.set_defaults(command=_evaluate)

    for name, command, about in (
        ("runs", _runs, "list the runs"),
        ("devices", _devices, "list the devices of this machine"),
        ("presets", _presets, "list the networks to start from"),
    ):
        commands.add_parser(name, help=about).set_defaults(command=command)

    download = commands.add_parser("download", help="fetch a data set into CNN_DATA_DIR")
    download.add_argument(
        "dataset",
        choices=[name for name, d in DATASETS.items() if d.torchvision_name],
        metavar="NAME",
        help="one of: %(choices)s",
    )
    download.set_defaults(command=_download)

    export.add_commands(commands)

    worker = commands.add_parser("worker", help="train an existing run (the app starts this)")
    worker.add_argument("run")
    worker.set_defaults(command=_worker)
    return parser


def _items(paths: list[str]) -> Iterator[tuple[str, Any]]:
    """Each thing to read: its name and the prepared 28×28 ink."""
    from cnn import drawing

    for name in paths:
        path = Path(name)
        if not path.exists():
            raise UsageError(f"{name}: there is no such file or folder.")
        if path.is_dir():
            files = sorted(p for p in path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
            if not files:
                raise UsageError(f"{name}: there is no image in this folder.")
        else:
            files = [path]
        for file in files:
            if file.name.endswith((".jsonl", ".jsonl.gz")):
                yield from _stroke_items(file)
                continue
            try:
                yield str(file), drawing.from_image(drawing.open_image(file)).image
            except drawing.DigitError as error:
                yield str(file), str(error)


def _stroke_items(file: Path) -> Iterator[tuple[str, Any]]:
    from cnn import drawing

    opener = gzip.open if file.name.endswith(".gz") else open
    try:
        with opener(file, "rt") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    try:
                        strokes = json.loads(line)["strokes"]
                        yield f"{file}:{number}", drawing.from_strokes(strokes).image
                    except drawing.DigitError as error:
                        yield f"{file}:{number}", str(error)
                    except (ValueError, KeyError, TypeError, RecursionError):
                        yield (
                            f"{file}:{number}",
                            'not a line of strokes, such as {"strokes": [[[12, 40], [80, 44]]]}',
                        )
    except (OSError, UnicodeDecodeError, EOFError, zlib.error) as error:
        raise UsageError(f"{file}: cannot be read ({error}).") from None


def _predict(options: argparse.Namespace) -> int:
    import numpy as np

    from cnn.runs.weights import load_model
    from cnn.training.inference import predict_logits

    run = runs.open_run(options.run)
    model, names, failed = load_model(run), run.config.classes, 0
    waiting: list[tuple[str, Any]] = []

    def flush() -> None:
        import torch

        images = [ink for _, ink in waiting if not isinstance(ink, str)]
        rows = iter(
            predict_logits(model, torch.from_numpy(np.stack(images)), run.preprocessing)
            .softmax(1)
            .tolist()
            if images
            else []
        )
        for item, ink in waiting:
            if isinstance(ink, str):
                print(json.dumps({"item": item, "error": ink}))
                continue
            row = next(rows)
            label = names[int(np.argmax(row))]
            print(
                json.dumps(
                    {
                        "item": item,
                        "label": label,
                        "probabilities": {n: round(p, 6) for n, p in zip(names, row, strict=True)},
                    }
                )
            )
        waiting.clear()

    for item, ink in _items(options.paths):
        waiting.append((item, ink))
        failed += isinstance(ink, str)
        if len(waiting) >= 500:
            flush()
    flush()
    return 1 if failed else 0


def _evaluate(options: argparse.Namespace) -> int:
    from cnn import datasets, evaluation

    run = runs.open_run(options.run)
    accuracy = evaluation.score_test_set(run)
    probabilities = evaluation.test_probabilities(run)
    assert probabilities is not None
    labels = datasets.load(run.config.dataset).test_labels.numpy()
    confusion = evaluation.confusion_matrix(
        labels, probabilities.argmax(1), len(run.config.classes)
    )
    print(
        json.dumps(
            {
                "run": run.id,
                "dataset": run.config.dataset,
                "test_images": len(labels),
                "test_accuracy": round(accuracy, 5),
                "classes": [
                    asdict(row) for row in evaluation.class_report(confusion, run.config.classes)
                ],
                "confusion": confusion.tolist(),
            }
        )
    )
    return 0


def _runs(options: argparse.Namespace) -> int:
    for run, problem in runs.survey():
        if problem:
            print(f"{run.id}  damaged: {problem}")
            continue
        status, config = run.status(), run.config
        score = status.get("test_accuracy")
        print(
            f"{run.id}  {status['state']:<11}  {config.dataset:<12}  "
            f"{'-' if score is None else f'{score:.2%}':>7}  {run.name}"
        )
    return 0


def _devices(options: argparse.Namespace) -> int:
    from cnn.training.devices import list_devices

    for device in list_devices():
        print(f"{device.id:<8}  {device.label}{'  (bf16)' if device.bf16 else ''}")
    return 0


def _presets(options: argparse.Namespace) -> int:
    for preset in PRESETS.values():
        count = preset.architecture.parameters
        print(f"{preset.name:<16}  {count:>9,} parameters  {preset.label}")
    return 0


def _download(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from cnn.datasets.download import download

    if is_on_disk(options.dataset):
        print(f"{DATASETS[options.dataset].label} is already there.")
        return 0
    with tqdm(total=100, unit="%", file=sys.stderr) as bar:
        download(options.dataset, lambda share, _: bar.update(round(share * 100) - bar.n))
    print(f"{DATASETS[options.dataset].label} is ready.")
    return 0


def _worker(options: argparse.Namespace) -> int:
    from cnn.runs.worker import run_worker

    return 1 if run_worker(runs.open_run(options.run)) == "failed" else 0


if __name__ == "__main__":
    sys.exit(main())
