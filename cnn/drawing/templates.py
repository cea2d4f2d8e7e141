"""Images of characters from stroke templates, each deformed and drawn with a pen at random.

In a template's notation strokes stand apart by |, their points on a 100×100 sheet, y downwards:
`"10,50 90,50 | 50,10 50,90"` is a plus.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from cnn.drawing.ink import Line, Stroke, centre
from cnn.drawing.rasteriser import curve, draw_boxed

Template = list[Stroke]


def parse(notation: Iterable[str]) -> list[Template]:
    """The templates of their notation."""
    return [
        [
            [(float(x), float(y)) for x, y in (point.split(",") for point in stroke.split())]
            for stroke in template.split("|")
        ]
        for template in notation
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
