"""Several runs beside each other: curves in one chart, bands over seeds, confusions' difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnn.common.smoothing import smooth_by_step
from cnn.figures._base import NAMES, curve, heat_map, hover, layout, legend_row, plain
from cnn.figures.colours import CLASSES, DIVERGING
from cnn.figures.curves import thin

DASHES = ("solid", "dash", "dot", "dashdot")
MOST_POINTS = 400  # of one curve
AXES = {"step": "Step (batches seen)", "epoch": "Epoch", "seconds": "Seconds of training"}


@dataclass(frozen=True)
class Line:
    """One curve of an overlay: `x` as the axis wants it, `steps` by which it is smoothed, `y` the
    values; float64 `(N,)` all three, every point there is. `key` is the same whatever the name."""

    name: str
    x: NDArray[np.float64]
    steps: NDArray[np.float64]
    y: NDArray[np.float64]
    key: str = ""


def overlay_curves(
    lines: Sequence[Line],
    axis: str,
    quantity: str,
    smoothing: float = 0.0,
    log: bool = False,
    percent: bool = False,
) -> go.Figure:
    """Curves over each other, `axis` one of `AXES`.

    Smoothed over about `smoothing` steps, computed from every point and only then thinned: how many
    points are drawn changes nothing. The raw points lie faint behind. `log`: a logarithmic axis.
    """
    figure = go.Figure()
    for place, line in enumerate(lines):
        known = np.isfinite(line.x) & np.isfinite(line.y)
        x, steps, y = line.x[known], line.steps[known], line.y[known]
        look = {"line_color": CLASSES[place % len(CLASSES)], "legendgroup": str(place)}
        key = line.key or line.name
        value = "%{y:.2%}" if percent else "%{y:.4f}"
        text = hover(f"{axis} %{{x:,.6~g}}: {value}", "%{fullData.name}")
        if smoothing and len(x) > 2:
            raw_x, raw = thin(x, y, MOST_POINTS)
            behind = curve(raw_x, raw, None, 1) | {"opacity": 0.25, "showlegend": False}
            behind["uid"] = f"{key}, raw"
            figure.add_scatter(**behind, name=f"{plain(line.name)}, raw", **look, **hover(""))
            y = smooth_by_step(steps, y, smoothing)
        shown_x, shown = pick(x, y, MOST_POINTS)
        mode = "lines+markers" if len(shown_x) <= 30 else "lines"
        trace = curve(shown_x, shown, None, 2.2, mode) | {"name": plain(line.name), "uid": key}
        dash = DASHES[place // len(CLASSES) % 4] if len(lines) > len(CLASSES) else DASHES[place % 4]
        figure.add_scatter(**trace, line_dash=dash, **look, **text)
    return _axes(figure, axis, quantity, log, percent)


def pick(
    x: NDArray[np.float64], y: NDArray[np.float64], points: int
) -> tuple[list[float], list[float]]:
    """At most so many points of a smooth curve, its first and last among them, as they are."""
    if len(x) > points:
        at = np.linspace(0, len(x) - 1, points).round().astype(int)
        x, y = x[at], y[at]
    return x.tolist(), y.tolist()


@dataclass(frozen=True)
class Band:
    """The same network over several seeds: after each of `x` the mean, lowest and highest value,
    float64 `(N,)`."""

    name: str
    x: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def bands(
    groups: Sequence[Band], axis: str, quantity: str, log: bool = False, percent: bool = False
) -> go.Figure:
    """For each group its mean as a line and the range of its seeds as a band behind it."""
    figure = go.Figure()
    for place, one in enumerate(groups):
        colour = CLASSES[place % len(CLASSES)]
        around = np.concatenate([one.x, one.x[::-1]])
        back = np.concatenate([one.high, one.low[::-1]])
        look = {"fill": "toself", "mode": "none", "fillcolor": _faint(colour), "showlegend": False}
        look["uid"] = f"{one.name}, band"
        figure.add_scatter(x=around, y=back, legendgroup=str(place), **look, **hover(""))
        value = "%{y:.2%}" if percent else "%{y:.4f}"
        trace = curve(one.x, one.mean, colour, 2.5, "lines+markers") | {"name": plain(one.name)}
        text = hover(f"{axis} %{{x:,.6~g}}: mean {value}", "%{fullData.name}")
        look = {"line_dash": DASHES[place % 4], "legendgroup": str(place), "uid": one.name}
        figure.add_scatter(**trace, **look, **text)
    return _axes(figure, axis, quantity, log, percent)


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"


def _axes(figure: go.Figure, axis: str, quantity: str, log: bool, percent: bool) -> go.Figure:
    figure.update_xaxes(title=AXES[axis], rangemode="tozero")
    look: dict[str, object] = {"title": quantity}
    if log:
        look |= {"type": "log", "exponentformat": "power", "dtick": 1}
    if percent:
        look |= {"tickformat": ".2~%"}
        if not log:  # one point alone would get an axis of -50 to 150%
            look |= {"autorangeoptions": {"clipmin": 0, "clipmax": 1.01}}
    figure.update_yaxes(**look)
    # Of another axis or scale nothing that was zoomed fits.
    kept = f"{axis} {quantity} {log}"
    return layout(figure, 380, showlegend=True, legend=legend_row(-0.22, "top"), uirevision=kept)


def confusion_difference(
    first: NDArray[np.int64], second: NDArray[np.int64], names: Sequence[str]
) -> go.Figure:
    """The second confusion matrix minus the first, counts `(classes, classes)`: orange where it has
    more images, blue where it has fewer; Truth down, Predicted across."""
    apart = second - first
    largest = max(int(np.abs(apart).max()), 1)
    numbers = np.where(apart == 0, "", np.char.mod("%+d", apart))
    text = hover("truth %{y}, read as %{x}<br>%{customdata} images")
    look = {"colorscale": DIVERGING, "zmin": -largest, "zmax": largest, "xgap": 2, "ygap": 2}
    shown = [plain(name) for name in names]
    axes = {"x": shown, "y": shown, "text": numbers, "texttemplate": "%{text}"}
    strength = np.sign(apart) * np.sqrt(np.abs(apart) * largest)  # rare ones stay visible
    strength[apart == 0] = np.nan  # nothing there: the page's own colour, light or dark
    figure = heat_map(strength, customdata=apart, **axes, **look, **text)
    figure.update_xaxes(title="Predicted", side="top", **NAMES)
    figure.update_yaxes(title="Truth", autorange="reversed", **NAMES)
    return layout(figure, 420)
