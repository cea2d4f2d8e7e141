"""How well a run reads digits that people drew, and whether it knows what is none.

    python -m benchmarks.drawn_digits RUN FILE.jsonl.gz [--digits N]

FILE has one JSON object a line: `label`, and `strokes`, lists of [x, y] with y downwards. Every
digit is drawn on a 280 px canvas with brushes of 8, 18 and 30 px, large in the middle and small at
a random place, and read from its strokes and from the canvas's pixels. The last 1,500 lines are
the test part: never used for training, tuning or choosing, and reported apart.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from cnn import datasets, drawing, runs
from cnn.drawing.rasteriser import draw
from cnn.drawing.templates import Template, parse
from cnn.evaluation import predict, test_probabilities
from cnn.recognition.calibration import THRESHOLD, digit_scores
from cnn.runs.weights import load_model

CANVAS, BRUSHES = 280, (8, 18, 30)
LARGE, SMALL = 0.75, 0.35  # of the canvas: the longest side of the pen's path
TEST_LINES = 1500
# Left out: those that a hand writes like a digit, 0 1 2 5 6 8 9 in turn.
LETTERS = sorted(
    set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") - set("OoQDIlijJZzSsGbBgqT")
)
Lines = list[NDArray[np.float64]]


def read(file: Path) -> tuple[list[Lines], NDArray[np.int64]]:
    """The digits' strokes and their labels."""
    with gzip.open(file, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    strokes = [[np.asarray(s, float).reshape(-1, 2) for s in row["strokes"] if s] for row in rows]
    return strokes, np.array([row["label"] for row in rows])


def placed(strokes: Lines, brush: int, size: float, random: np.random.Generator | None) -> Lines:
    """The strokes on the canvas: in the middle, or wherever `random` puts them."""
    points = np.concatenate(strokes)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    scale = size * CANVAS / max(float(extent.max()), 1e-9)
    free = CANVAS - extent * scale - brush
    corner = brush / 2 + (free / 2 if random is None else free * random.random(2))
    return [(line - low) * scale + corner for line in strokes]


def accuracies(run: runs.Run, strokes: list[Lines], labels: NDArray[np.int64]) -> Iterator[tuple]:
    """Per condition: brush, size, accuracy from strokes and from pixels."""
    for size in (LARGE, SMALL):
        for brush in BRUSHES:
            random = np.random.default_rng(brush) if size == SMALL else None
            seen: tuple[list, list] = ([], [])
            for digit in strokes:
                on_canvas = placed(digit, brush, size, random)
                seen[0].append(drawing.from_strokes(on_canvas).image)
                sheet = draw(on_canvas, CANVAS, CANVAS, brush)
                seen[1].append(drawing.from_pixels(sheet).image)
            right = [
                float((predict(run, np.stack(images)).argmax(1) == labels).mean())
                for images in seen
            ]
            yield brush, "large, centred" if size == LARGE else "small, anywhere", *right


def no_digits(count: int = 500, seed: int = 0) -> dict[str, list[NDArray[np.float32]]]:
    """Letters (half), scribbles and shapes, prepared as drawings are, 28×28 each."""
    random = np.random.default_rng(seed)
    fonts = sorted(Path("/usr/share/fonts").rglob("DejaVu*.ttf")) + sorted(
        Path("/usr/share/fonts").rglob("Liberation*.ttf")
    )
    fonts = [font for font in fonts if "Math" not in font.name]
    found: dict[str, list[NDArray[np.float32]]] = {"letters": [], "scribbles": [], "shapes": []}
    for _ in range(count // 2 if fonts else 0):
        sheet = Image.new("L", (CANVAS, CANVAS), 0)
        font = ImageFont.truetype(str(random.choice(fonts)), int(random.integers(120, 220)))
        pencil = ImageDraw.Draw(sheet)
        pencil.text((CANVAS / 2, CANVAS / 2), str(random.choice(LETTERS)), 255, font, "mm")
        found["letters"].append(drawing.from_pixels(np.asarray(sheet, np.float32) / 255).image)
    for _ in range(count // 4):
        turns = np.cumsum(random.normal(0, random.uniform(0.2, 1.2), 80))
        walk = np.cumsum(np.stack([np.cos(turns), np.sin(turns)], axis=1), axis=0)
        found["scribbles"].append(drawing.from_strokes([walk.tolist()]).image)
    names = list(SHAPES)
    for k in range(count // 4):
        wobble = random.uniform(0.8, 1.2, 2)
        shape = SHAPES[names[k % len(names)]]
        strokes = [(np.array(s) * wobble + random.normal(0, 2, (len(s), 2))) for s in shape]
        found["shapes"].append(drawing.from_strokes([s.tolist() for s in strokes]).image)
    return found


def _round(turns: float, inner: float, points: int = 40) -> list[tuple[float, float]]:
    at = np.linspace(0, 1, points)
    angle, radius = 2 * np.pi * turns * at, 50 * (inner + (1 - inner) * at)
    return [
        (r * float(np.cos(a)), r * float(np.sin(a))) for a, r in zip(angle, radius, strict=True)
    ]


def _star(points: int = 5) -> list[tuple[float, float]]:
    angles = [2 * np.pi * 2 * k / points for k in range(points + 1)]
    return [(50 * float(np.sin(a)), -50 * float(np.cos(a))) for a in angles]


SHAPES: dict[str, Template] = {
    "square": parse("0,0 100,0 100,100 0,100 0,0"),
    "triangle": parse("50,0 100,90 0,90 50,0"),
    "house": parse("10,50 10,100 90,100 90,50 | 0,50 50,0 100,50 0,50 | 40,100 40,70 60,70 60,100"),
    "cross": parse("0,0 100,100 | 100,0 0,100"),
    "plus": parse("50,0 50,100 | 0,50 100,50"),
    "star": [_star()],
    "arrow": parse("0,50 100,50 | 70,20 100,50 70,80"),
    "spiral": [_round(3, 0.1)],
    "face": [_round(1, 1.0), *parse("-15,-15 -14,-14 | 15,-15 16,-14 | -20,15 0,25 20,15")],
    "zigzag": parse("0,50 20,0 40,100 60,0 80,100 100,50"),
    "grid": parse("33,0 33,100 | 66,0 66,100 | 0,33 100,33 | 0,66 100,66"),
    "dash": parse("0,50 100,52"),
}


def main() -> None:
    """Print the tables, in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", help="a run's id")
    parser.add_argument("file", type=Path)
    parser.add_argument("--digits", type=int, help="only this many of each part, evenly chosen")
    options = parser.parse_args()
    run = runs.open_run(options.run)
    strokes, labels = read(options.file)
    cut = len(labels) - TEST_LINES

    kept = test_probabilities(run)
    if kept is not None:
        truth = datasets.load(run.config.dataset).test_labels.numpy()
        print(f"{run.name}: test accuracy {(kept.argmax(1) == truth).mean():.2%}\n")
    model = load_model(run)
    shown = {}
    for part, place in (("development", slice(0, cut)), ("test", slice(cut, None))):
        some = np.arange(len(labels))[place]
        if options.digits:
            some = some[np.linspace(0, len(some) - 1, options.digits).astype(int)]
        chosen, truth = [strokes[i] for i in some], labels[some]
        print(f"{len(some):,} digits of the {part} part\n\n| brush | where | strokes | pixels |")
        print("|---|---|---|---|")
        for brush, where, by_stroke, by_pixel in accuracies(run, chosen, truth):
            print(f"| {brush} px | {where} | {by_stroke:.2%} | {by_pixel:.2%} |", flush=True)
        shown[f"pen digits, {part} part"] = [drawing.from_strokes(digit).image for digit in chosen]
        print()
    others = {kind: images for kind, images in no_digits().items() if images}
    everything = [image for images in others.values() for image in images]
    shown |= {**others, "all of these": everything}
    print("| shown | of them | called no digit |\n|---|---|---|")
    for kind, images in shown.items():
        refused = digit_scores(run, model, np.stack(images)) < THRESHOLD
        print(f"| {kind} | {len(images):,} | {refused.mean():.1%} |")


if __name__ == "__main__":
    main()
