"""What a sweep found: settings against validation accuracy."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from cnn.common.text import percent
from cnn.figures._base import NAMES, heat_map, hover, labelled_bars, layout
from cnn.figures.colours import BEST, SEQUENTIAL, VALIDATION

# Dark brown to light orange: what is read on it and it itself show on light and dark.
SCALE = [[place, SEQUENTIAL[i][1]] for place, i in ((0.0, 1), (0.5, 2), (1.0, 3))]

Value = float | int | str | bool | None


def parallel_coordinates(
    settings: Sequence[tuple[str, Sequence[Value], bool]], accuracies: Sequence[float]
) -> go.Figure:
    """A line for each trial through its settings to its accuracy, coloured by that. `settings`: a
    title, each trial's value, and whether it is laid out by orders of magnitude."""
    axes = [_axis(title, values, log) for title, values, log in settings]
    low, high = min(accuracies), max(accuracies)
    top = {"label": "Validation", "values": list(accuracies), "tickformat": ".2%"}
    if low < high:
        top["range"] = [low, high]
    look = {"color": list(accuracies), "colorscale": SCALE, "cmin": low, "cmax": high}
    figure = go.Figure(go.Parcoords(line=look, dimensions=[*axes, top]))
    return layout(figure, 340, margin={"l": 60, "r": 60, "t": 50, "b": 24})


def _axis(title: str, values: Sequence[Value], log: bool) -> dict[str, object]:
    """One setting's axis: names at even distances, numbers as they are or by their logarithm."""
    numbers = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) < len(values):
        names = sorted({str(value) for value in values})
        places = [names.index(str(value)) for value in values]
        ticks = {"tickvals": list(range(len(names))), "ticktext": names}
        return {"label": title, "values": places, **ticks}
    if log and min(numbers) > 0:
        marks = sorted({float(f"{number:.2g}") for number in numbers})
        marks = marks if len(marks) <= 8 else [marks[0], marks[len(marks) // 2], marks[-1]]
        ticks = {"tickvals": [math.log10(m) for m in marks], "ticktext": [f"{m:g}" for m in marks]}
        return {"label": title, "values": [math.log10(n) for n in numbers], **ticks}
    axis: dict[str, object] = {"label": title, "values": numbers}
    marks = sorted(set(numbers))
    if len(marks) <= 8:  # what was tried, and nothing between
        axis |= {"tickvals": marks, "ticktext": [f"{mark:g}" for mark in marks]}
    if len(marks) == 1:
        axis["range"] = [marks[0] - 1, marks[0] + 1]
    return axis


def sweep_map(
    across: tuple[str, Sequence[Value]],
    up: tuple[str, Sequence[Value]],
    accuracies: Sequence[float],
) -> go.Figure:
    """Validation accuracy of each combination of two settings: the best of those that share one.
    The best of all is marked."""
    columns, rows = _order(across[1]), _order(up[1])
    grid = np.full((len(rows), len(columns)), np.nan)
    for x, y, accuracy in zip(across[1], up[1], accuracies, strict=True):
        place = rows.index(y), columns.index(x)
        grid[place] = np.nanmax([grid[place], accuracy])
    names = [_short(value) for value in columns], [_short(value) for value in rows]
    text = np.where(np.isnan(grid), "", np.char.mod("%.2f", 100 * np.nan_to_num(grid)))
    label = {"text": text, "texttemplate": "%{text}", "xgap": 2, "ygap": 2}
    bar = {"tickformat": ".1%", "title": "", "thickness": 12}
    about = hover(f"{across[0]} %{{x}}, {up[0]} %{{y}}<br>validation %{{z:.2%}}")
    axes = {"x": names[0], "y": names[1], "colorscale": SCALE}
    figure = heat_map(grid, colorbar=bar, **axes, **label, **about)
    row, column = np.unravel_index(np.nanargmax(grid), grid.shape)
    edge = {"line": {"color": BEST, "width": 3}, "fillcolor": "rgba(0,0,0,0)"}
    ends = {"x0": column - 0.5, "x1": column + 0.5, "y0": row - 0.5, "y1": row + 0.5}
    figure.add_shape(type="rect", **ends, **edge)
    figure.update_xaxes(title=across[0], **NAMES)
    figure.update_yaxes(title=up[0], **NAMES)
    return layout(figure, 340)


def _order(values: Sequence[Value]) -> list[Value]:
    """Each value once: numbers by size, names by the alphabet."""

    def place(value: Value) -> tuple[bool, float, str]:
        if isinstance(value, str) or value is None:
            return True, 0.0, str(value)
        return False, float(value), ""

    return sorted(set(values), key=place)


def _short(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def importances(names: Sequence[str], shares: Sequence[float]) -> go.Figure:
    """How much each setting matters, the most important first."""
    order = sorted(range(len(names)), key=lambda i: -shares[i])
    labels = [percent(shares[i], 0) for i in order]
    values, shown = [shares[i] for i in order], [names[i] for i in order]
    text = "%{y}: %{x:.1%}"
    figure = labelled_bars(values, shown, [VALIDATION] * len(order), labels, text)
    title = "Share of the differences it explains"
    figure.update_xaxes(title=title, range=[0, 1.15], tickformat=".0%")
    return layout(figure, 120 + 36 * len(order))
