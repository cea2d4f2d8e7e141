"""What goes on inside a network: histograms, contributions, similarities, functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from cnn.common.text import percent
from cnn.figures._base import NAMES, curve, heat_map, hover, labelled_bars, layout, legend_row
from cnn.figures.colours import DEAD, NEGATIVE, POSITIVE, SEQUENTIAL, TRAIN, VALIDATION


def histogram(
    values: NDArray[np.float32],
    before: NDArray[np.float32] | None = None,
) -> go.Figure:
    """A map's values, counted; `before`, where given, is the same map before its activation."""
    figure = go.Figure()
    both = [values.ravel()] + ([] if before is None else [before.ravel()])
    low, high = min(float(v.min()) for v in both), max(float(v.max()) for v in both)
    edges = np.linspace(low, high if high > low else low + 1, 41)
    for array, name, colour in zip(both, ("after", "before"), (VALIDATION, TRAIN), strict=False):
        counts, _ = np.histogram(array, edges)
        look = {"marker_color": colour, "opacity": 0.75, "width": edges[1] - edges[0]}
        middles, text = (edges[:-1] + edges[1:]) / 2, hover("%{x:.3g}: %{y} pixels", name)
        figure.add_bar(x=middles, y=counts, name=name, **look, **text)
    figure.update_xaxes(title="Activation")
    figure.update_yaxes(title="Pixels")
    if values.size > 60:
        figure.update_yaxes(type="log", dtick=1)  # whole powers of ten
    look = {"barmode": "overlay", "bargap": 0, "showlegend": before is not None}
    return layout(figure, 170, legend=legend_row(), **look)


def contributions(names: Sequence[str], values: Sequence[float]) -> go.Figure:
    """Signed contributions as bars, the first at the top."""
    bars = [NEGATIVE if v < 0 else POSITIVE for v in values]
    labels = [f"{v:+.3f}" for v in values]
    figure = labelled_bars(values, names, bars, labels, "%{y}: %{x:.4f}")
    largest = max((abs(v) for v in values), default=1.0) or 1.0
    low = min(min(values, default=0.0), 0.0)
    figure.update_xaxes(title="Adds to the score")
    figure.update_xaxes(range=[low - 0.3 * largest if low < 0 else 0, largest * 1.3])
    return layout(figure, 60 + 24 * len(values))


def similarity(values: NDArray[np.float32], names: Sequence[str]) -> go.Figure:
    """How alike the layers' representations are, `(layers, layers)` in 0-1."""
    text = hover("%{y}<br>%{x}<br>similarity %{z:.3f}")
    look = {"colorscale": SEQUENTIAL, "zmin": 0, "zmax": 1, "xgap": 1, "ygap": 1, **text}
    bar = {"thickness": 8, "outlinewidth": 0}
    figure = heat_map(values, x=list(names), y=list(names), colorbar=bar, **look)
    figure.update_xaxes(tickangle=-45, **NAMES)
    figure.update_yaxes(autorange="reversed", **NAMES)
    return layout(figure, 420)


def layer_histograms(
    names: Sequence[str],
    counts: Sequence[NDArray[np.int64]],
    edges: Sequence[NDArray[np.float64]],
    dead: Sequence[float],
) -> go.Figure:
    """Small histograms, one per layer: `counts` between `edges`; `dead` is the share of maps that
    are zero for every image, and turns a title red."""
    across = 4
    rows = -(-len(names) // across)
    titles = [
        f"<span style='color:{DEAD}'>{name} · {percent(share, 0)} dead</span>" if share else name
        for name, share in zip(names, dead, strict=True)
    ]
    spacing = {"vertical_spacing": 0.3 / max(rows, 1), "horizontal_spacing": 0.05}
    figure = make_subplots(rows, across, subplot_titles=titles, **spacing)
    for i, (count, edge) in enumerate(zip(counts, edges, strict=True)):
        middle, share = (edge[:-1] + edge[1:]) / 2, count / max(count.sum(), 1)
        bars = np.where(middle < 0, NEGATIVE, POSITIVE)
        look = {"width": edge[1] - edge[0], "marker_color": bars, "marker_line_width": 0}
        place = {"row": i // across + 1, "col": i % across + 1}
        text = hover("%{x:.3g}: %{customdata:.2%}")
        figure.add_bar(x=middle, y=np.sqrt(share), customdata=share, **look, **text, **place)
    figure.update_yaxes(visible=False)
    figure.update_annotations(font_size=12)
    return layout(figure, 60 + 130 * rows, showlegend=False, bargap=0)


def function_curve(function: Callable[[float], float], at: float) -> go.Figure:
    """An activation function, and where one value stands on it."""
    reach = max(4.0, abs(at) * 1.3)
    x = np.linspace(-reach, reach, 161)
    figure = go.Figure()
    trace = curve(x, [function(float(v)) for v in x], TRAIN, 3)
    figure.add_scatter(**trace, **hover("%{x:.3f} → %{y:.3f}"))
    marker, text = (
        {"size": 13, "color": VALIDATION},
        hover("this value: %{x:.4f} → %{y:.4f}"),
    )
    figure.add_scatter(x=[at], y=[function(at)], mode="markers", marker=marker, **text)
    figure.update_xaxes(title="In")
    figure.update_yaxes(title="Out")
    return layout(figure, 230, showlegend=False)
