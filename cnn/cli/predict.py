"""The commands `predict` and `evaluate`: reading digits with a run, and scoring it.

Functions import torch, and what needs it, themselves: `--help` answers without.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnn import datasets, drawing, evaluation, runs
from cnn.cli.parser import UsageError

if TYPE_CHECKING:
    from torch import nn

IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff"}
BATCH = 500

Item = tuple[str, drawing.Ink | str]  # a name, and a prepared 28×28 image or what is wrong


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Register the commands with the main parser's subparsers."""
    predict = commands.add_parser("predict", help="read digits; one JSON line per item")
    predict.add_argument("run", help="as 'python -m cnn runs' lists it")
    predict.add_argument(
        "paths", nargs="+", metavar="PATH", help="image, folder of images, or .jsonl[.gz] strokes"
    )
    predict.set_defaults(command=_predict)

    evaluate = commands.add_parser("evaluate", help="score a run on its test set; prints JSON")
    evaluate.add_argument("run", help="as 'python -m cnn runs' lists it")
    evaluate.set_defaults(command=_evaluate)


def _predict(options: argparse.Namespace) -> int:
    from cnn.runs.weights import load_model

    run = runs.open_run(options.run)
    model, items, failed = load_model(run), _items(options.paths), 0
    while batch := list(islice(items, BATCH)):
        failed += _print_answers(run, model, batch)
    return 1 if failed else 0


def _print_answers(run: runs.Run, model: nn.Module, items: list[Item]) -> int:
    """Print a JSON line for each item; returns how many could not be read."""
    import torch

    from cnn.training.inference import predict_logits

    rows: Iterator[list[float]] = iter(())
    if images := [image for _, image in items if not isinstance(image, str)]:
        logits = predict_logits(model, torch.from_numpy(np.stack(images)), run.preprocessing)
        rows = iter(logits.softmax(1).tolist())
    names = run.config.classes
    for name, image in items:
        if isinstance(image, str):
            answer: dict[str, object] = {"item": name, "error": image}
        else:
            row = next(rows)
            probabilities = {n: round(p, 6) for n, p in zip(names, row, strict=True)}
            label = names[int(np.argmax(row))]
            answer = {"item": name, "label": label, "probabilities": probabilities}
        print(json.dumps(answer))
    return len(items) - len(images)


def _items(paths: list[str]) -> Iterator[Item]:
    """Each thing to read. Raises UsageError for a path that cannot be read at all."""
    for name in paths:
        path = Path(name)
        if not path.exists():
            raise UsageError(f"{name}: there is no such file or folder.")
        files = [path]
        if path.is_dir():
            files = sorted(p for p in path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
            if not files:
                raise UsageError(f"{name}: there is no image in this folder.")
        for file in files:
            if file.name.endswith((".jsonl", ".jsonl.gz")):
                yield from _stroke_items(file)
                continue
            try:
                yield str(file), drawing.from_image(drawing.open_image(file)).image
            except drawing.DigitError as error:
                yield str(file), str(error)


def _stroke_items(file: Path) -> Iterator[Item]:
    opener = gzip.open if file.name.endswith(".gz") else open
    try:
        with opener(file, "rt") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield f"{file}:{number}", _strokes_image(line)
    except (OSError, UnicodeDecodeError, EOFError, zlib.error) as error:
        raise UsageError(f"{file}: cannot be read ({error}).") from None


def _strokes_image(line: str) -> drawing.Ink | str:
    """The prepared image of a line of strokes, or what is wrong with it."""
    try:
        return drawing.from_strokes(json.loads(line)["strokes"]).image
    except drawing.DigitError as error:
        return str(error)
    except (ValueError, KeyError, TypeError, RecursionError):
        return 'not a line of strokes, such as {"strokes": [[[12, 40], [80, 44]]]}'


def warn_near_chance(run: runs.Run) -> None:
    """Say on stderr that a run does no better than guessing, where it does not, and what to try."""
    if found := evaluation.near_chance(run):
        lines = [f"cnn: {found.text} What to try:", *(f"  - {step}" for step in found.try_next)]
        print("\n".join(lines), file=sys.stderr)


def _evaluate(options: argparse.Namespace) -> int:
    run = runs.open_run(options.run)
    names = run.config.classes
    accuracy = evaluation.score_test_set(run)
    probabilities = evaluation.test_probabilities(run)
    assert probabilities is not None
    labels = datasets.load(run.config.dataset).test_labels.numpy()
    confusion = evaluation.confusion_matrix(labels, probabilities.argmax(1), len(names))
    result = {
        "run": run.id,
        "dataset": run.config.dataset,
        "test_images": len(labels),
        "test_accuracy": round(accuracy, 5),
        "classes": [asdict(row) for row in evaluation.class_report(confusion, names)],
        "confusion": confusion.tolist(),
    }
    warn_near_chance(run)
    print(json.dumps(result))
    return 0
