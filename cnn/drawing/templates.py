"""Images of characters from stroke templates, each deformed and drawn with a pen at random."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnn.drawing.ink import Line, Stroke, centre
from cnn.drawing.rasteriser import curve, draw_boxed

Template = list[Stroke]


@functools.cache
def templates() -> dict[str, list[Template]]:
    """The ways to write each character of `templates.txt`, in its order."""
    found: dict[str, list[Template]] = {}
    for line in Path(__file__).with_suffix(".txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            name, _, notation = line.partition(": ")
            found.setdefault(name, []).append(parse(notation))
    return found


def parse(notation: str) -> Template:
    """A template of its notation: `"10,50 90,50 | 50,10 50,90"` is a plus."""
    return [
        [(float(x), float(y)) for x, y in (point.split(",") for point in stroke.split())]
        for stroke in notation.split("|")
    ]


def image_of(template: Template, random: np.random.Generator) -> NDArray[np.uint8]:
    """The template deformed and drawn with some pen: uint8 `(28, 28)`, ink bright."""
    return render(_deformed(template, random), random.uniform(1.5, 2.8))


def render(lines: list[Line], pen: float) -> NDArray[np.uint8]:
    """Lines drawn with a pen, prepared as drawings are: uint8 `(28, 28)`, ink bright."""
    return np.round(centre(draw_boxed(lines, pen)) * 255).astype(np.uint8)


def _deformed(template: Template, random: np.random.Generator) -> list[Line]:
    """A template with its points jittered, smoothed, slanted, stretched and turned at random."""
    jitter, slant = 3.5, random.uniform(-0.25, 0.35)
    wide, turn = random.uniform(0.65, 1.2), np.radians(random.uniform(-10, 10))
    shape = np.array([[wide, 0], [-slant, 1]]) @ np.array(
        [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]
    )
    joints: dict[tuple[float, float], Line] = {}  # strokes that meet go on meeting
    lines = []
    for stroke in template:
        points = [
            joints.setdefault(point, np.array(point) + random.normal(0, jitter, 2))
            for point in stroke
        ]
        lines.append(curve(np.array(points)) @ shape)
    return lines
