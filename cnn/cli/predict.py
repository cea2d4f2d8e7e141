"""The commands `predict` and `evaluate`: reading digits with a run, and scoring it.

Functions import torch, and what needs it, themselves: `--help` answers without.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from humanize import naturalsize
from numpy.typing import NDArray
from tqdm import tqdm

from cnn import datasets, drawing, evaluation, recognition, runs
from cnn.common.files import open_plain, parse_json
from cnn.common.progress import Progress
from cnn.common.text import excerpt
from cnn.training import devices

if TYPE_CHECKING:
    from torch import nn

IMAGE_SUFFIXES = {f".{ending}" for ending in drawing.PICTURE_TYPES}
BATCH, BATCH_SECONDS = 500, 0.5  # a batch is read when it has so many, or at the latest then
PART, MOST_LINE = 1_000_000, 16_000_000  # bytes
MOST_NAME = 1000  # characters
NO_FILE = "there is no such file or folder"

# A name, and the prepared 28×28 image of each of its digits, or what is wrong.
Item = tuple[str, list[drawing.Ink] | str]
Answer = dict[str, Any]  # a JSON line, or the part of one about one digit


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Register the commands with the main parser's subparsers."""
    predict = commands.add_parser("predict", help="read digits; one JSON line per item")
    predict.add_argument("run", help="as 'python -m cnn runs' lists it")
    predict.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="image, folder of images, or .jsonl[.gz] strokes, a digit a line",
    )
    predict.set_defaults(command=_predict)

    evaluate = commands.add_parser("evaluate", help="score a run on its test set; prints JSON")
    evaluate.add_argument("run", help="as 'python -m cnn runs' lists it")
    evaluate.add_argument("--epoch", type=int, metavar="N", help="default: the newest weights")
    evaluate.set_defaults(command=_evaluate)


def _predict(options: argparse.Namespace) -> int:
    from cnn.runs.weights import load_model

    run = runs.open_run(options.run)
    devices.use_few_threads()  # as in the app: short steps wait for each other's threads
    model, items, failed = load_model(run), _items(options.paths, run.config.reads_digits), 0
    while batch := list(_next_batch(items)):
        failed += _print_answers(run, model, batch)
    return 1 if failed else 0


def _next_batch(items: Iterator[Item]) -> Iterator[Item]:
    """Some items to read at once: nobody waits long for the answer to one that is ready."""
    began = time.monotonic()
    for item in islice(items, BATCH):
        yield item
        if time.monotonic() - began > BATCH_SECONDS:
            return


def _print_answers(run: runs.Run, model: nn.Module, items: list[Item]) -> int:
    """Print a JSON line for each item; returns how many could not be read."""
    digits: Iterator[Answer] = iter(())
    if images := [image for _, found in items if not isinstance(found, str) for image in found]:
        digits = iter(_answers(run, model, np.stack(images)))
    failed = 0
    for name, found in items:
        answer: Answer = {"item": excerpt(name, MOST_NAME)}
        if isinstance(found, str):
            answer["error"] = found
        else:
            answer |= _whole([next(digits) for _ in found])
        failed += "error" in answer
        print(json.dumps(answer, allow_nan=False))
    sys.stdout.flush()
    return failed


def _answers(run: runs.Run, model: nn.Module, images: NDArray[np.float32]) -> list[Answer]:
    """What the network makes of each prepared image, and whether it is a digit at all."""
    try:
        reading = _read(run, model, images)
    except runs.RunError:
        if len(images) > 1:  # one may be at fault
            return [_answers(run, model, images[i : i + 1])[0] for i in range(len(images))]
        wrong: Answer = {
            "error": "the network's answer is no number: its weights are far too large"
        }
        return [wrong]
    names = run.config.classes
    return [
        {
            "label": names[best],
            "is_digit": is_digit,
            "probabilities": {n: round(float(p), 6) for n, p in zip(names, row, strict=True)},
        }
        for best, is_digit, row in zip(
            reading.best, reading.is_digit, reading.probabilities, strict=True
        )
    ]


def _read(run: runs.Run, model: nn.Module, images: NDArray[np.float32]) -> recognition.Reading:
    """As Draw reads; where the out-of-distribution detector cannot be fitted, all are digits."""
    from cnn.recognition import detector

    try:
        with _fitting_bar(run.config.dataset) as show_share:
            detector.load(run.config.dataset, show_share)
        return recognition.read(run, model, images, check_is_digit=True)
    except datasets.DataError:
        return recognition.read(run, model, images)


@contextlib.contextmanager
def _fitting_bar(dataset: str) -> Iterator[Progress]:
    """Says on stderr, from the first report on, that the detector is being fitted."""
    with contextlib.ExitStack() as shown:
        bars: list[tqdm] = []

        def show_share(share: float) -> None:
            if not bars:
                label = datasets.DATASETS[dataset].label
                print(
                    f"cnn: Learning what is no digit, for {label}: once per machine, then kept.",
                    file=sys.stderr,
                )
                bars.append(shown.enter_context(tqdm(total=100, unit="%", file=sys.stderr)))
            bars[0].update(round(100 * share) - bars[0].n)

        yield show_share


def _whole(digits: list[Answer]) -> Answer:
    """One digit's answer; of several, the number that they make and each one's answer."""
    if len(digits) == 1:
        return digits[0]
    if wrong := next((digit for digit in digits if "error" in digit), None):
        return wrong
    labels = " ".join(str(digit["label"]) for digit in digits)
    return {"label": labels, "is_digit": all(d["is_digit"] for d in digits), "digits": digits}


def _items(paths: list[str], split: bool) -> Iterator[Item]:
    """Each thing to read, with `split` as digits one by one; what cannot be read with the reason.
    Never raises: what is wrong with one takes no other's answer away."""
    for name in paths:
        path = Path(name)
        try:
            files = [path]
            if path.is_dir():
                files = sorted(p for p in path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
        except (OSError, ValueError) as error:  # a null byte, a name too long, a locked folder
            yield name, f"cannot be looked at ({_reason(error)})"
            continue
        if not files:
            yield name, "there is no image in this folder"
        for file in files:
            if file.name.endswith((".jsonl", ".jsonl.gz")):
                yield from _stroke_items(file)
            else:
                yield str(file), _picture(file, split)


def _picture(file: Path, split: bool) -> list[drawing.Ink] | str:
    """The prepared images of a picture's digits, or what is wrong with it."""
    if not os.path.lexists(file):
        return NO_FILE
    try:
        with open_plain(file) as content:
            picture = drawing.open_image(content)
        found = recognition.prepare_image(picture, split=split)
        return [digit.image for digit in found]
    except drawing.DigitError as error:
        return str(error)
    except (OSError, ValueError, MemoryError) as error:
        return f"cannot be read ({_reason(error)})"


def _stroke_items(file: Path) -> Iterator[Item]:
    number = 0
    try:
        for number, line in enumerate(_lines(file), start=1):
            if line.strip():
                yield f"{file}:{number}", _strokes_image(line)
    except FileNotFoundError:
        yield str(file), NO_FILE
    except (OSError, EOFError, ValueError, zlib.error) as error:
        yield f"{file}:{number + 1}", f"cannot be read from here on ({_reason(error)})"


def _lines(file: Path) -> Iterator[bytes]:
    """The lines of a file, unpacked where its name ends in `.gz`. What is whole before a damaged
    place comes before the error. Raises OSError, EOFError, ValueError and zlib.error."""
    begun = b""
    for part in _unpacked(file) if file.name.endswith(".gz") else _parts(file):
        *whole, begun = (begun + part).split(b"\n")
        yield from whole
        if len(begun) > MOST_LINE:
            raise ValueError(f"a line of more than {naturalsize(MOST_LINE)}")
    yield begun


def _parts(file: Path) -> Iterator[bytes]:
    with open_plain(file) as content:
        while part := content.read(PART):
            yield part


def _unpacked(file: Path) -> Iterator[bytes]:
    """The content of a gzip file, all that its whole bytes give. Raises what `_lines` says."""
    unpacker, at_start = zlib.decompressobj(31), True
    for part in _parts(file):
        while True:
            at_start = at_start and not part
            unpacked = unpacker.decompress(part, PART)
            yield unpacked
            part = unpacker.unconsumed_tail
            if unpacker.eof:  # of one member: another may follow, or zeros that fill a tape's block
                part = unpacker.unused_data.lstrip(b"\0")
                unpacker, at_start = zlib.decompressobj(31), True
            if not part and len(unpacked) < PART:
                break
    if not at_start:
        raise EOFError("the file is cut short")


def _reason(error: Exception) -> str:
    return excerpt(getattr(error, "strerror", None) or error or type(error).__name__, 100)


def _strokes_image(line: bytes) -> list[drawing.Ink] | str:
    """The prepared image of a line of strokes, which is one digit, or what is wrong with it."""
    try:
        strokes = parse_json(line)["strokes"]
        if not all(abs(x) < math.inf for stroke in strokes for point in stroke for x in point):
            return "a coordinate of its strokes is no finite number"
        return [drawing.from_strokes(strokes).image]
    except drawing.DigitError as error:
        return str(error)
    except (ValueError, KeyError, TypeError):
        return 'not a line of strokes, such as {"strokes": [[[12, 40], [80, 44]]]}'


def warn_near_chance(run: runs.Run) -> None:
    """Say on stderr that a run does no better than guessing, where it does not, and what to try."""
    if found := evaluation.near_chance(run):
        lines = [f"cnn: {found.text} What to try:", *(f"  - {step}" for step in found.try_next)]
        print("\n".join(lines), file=sys.stderr)


def _evaluate(options: argparse.Namespace) -> int:
    from cnn.evaluation import trust

    run = runs.open_run(options.run)
    datasets.load(run.config.dataset)  # nothing stands in for it here
    if options.epoch is None:
        evaluation.score_test_set(run)
    scored = evaluation.scored_test_set(run, options.epoch)
    names, labels = run.config.classes, scored.labels
    confusion = evaluation.confusion_matrix(labels, scored.predictions, len(names))
    reliability = trust.reliability(scored.probabilities, labels)
    result = {
        "run": run.id,
        "epoch": options.epoch,
        "dataset": run.config.dataset,
        "test_images": len(labels),
        "test_accuracy": round(scored.accuracy, 5),
        "interval": evaluation.wilson_interval(scored.right, len(labels)),
        "test_loss": evaluation.cross_entropy(scored.probabilities, labels),
        "top_2": evaluation.top_k_accuracy(scored.probabilities, labels, 2),
        "calibration_error": reliability.expected_error,
        "classes": [asdict(row) for row in evaluation.class_report(confusion, names)],
        "confusion": confusion.tolist(),
    }
    warn_near_chance(run)
    print(json.dumps(result))
    return 0
