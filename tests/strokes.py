"""Digits for tests, drawn by hand for this project: strokes on a 280×280 sheet."""

import math

from cnn.drawing import FabricDrawing

Stroke = list[tuple[float, float]]
SEVEN: list[Stroke] = [[(80, 60), (200, 60), (130, 230)]]
ONE: list[Stroke] = [[(140, 50), (140, 230)]]
ZERO: list[Stroke] = [
    [
        (140 + 55 * math.sin(2 * math.pi * i / 24), 140 - 85 * math.cos(2 * math.pi * i / 24))
        for i in range(25)
    ]
]
# Five digits on a 100×100 sheet.
SAMPLE_STROKES: dict[str, list[Stroke]] = {
    "7": [[(14, 20), (84, 20), (66, 46), (50, 82)]],
    "4": [[(58, 12), (26, 58), (80, 58)], [(62, 38), (60, 90)]],
    "2": [[(26, 30), (34, 17), (52, 12), (68, 20), (70, 36), (54, 56), (26, 84), (78, 84)]],
    "5": [[(72, 14), (34, 14), (30, 46), (52, 42), (70, 54), (70, 74), (52, 88), (28, 80)]],
    "0": [
        [(50, 12), (30, 24), (24, 52), (32, 80), (50, 88), (68, 78), (76, 50), (68, 22), (50, 12)]
    ],
}


def place(strokes: list[Stroke], x: float, y: float, scale: float) -> list[Stroke]:
    """The same strokes, smaller and elsewhere."""
    return [[(x + scale * px, y + scale * py) for px, py in stroke] for stroke in strokes]


def beside(left: list[Stroke], right: list[Stroke]) -> list[Stroke]:
    """A number of two digits on one sheet."""
    return place(left, -10, 70, 0.5) + place(right, 130, 70, 0.5)


def fabric(strokes: list[Stroke]) -> FabricDrawing:
    """As the canvas hands it over."""
    objects = []
    for stroke in strokes:
        path = [["M", *stroke[0]], *(["L", *point] for point in stroke[1:])]
        objects.append({"type": "Path", "path": path, "stroke": "#ffffff", "strokeWidth": 18})
    return {"objects": objects}
