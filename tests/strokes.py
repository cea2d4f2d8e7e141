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
