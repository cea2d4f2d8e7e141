"""How far to trust a network: reliability, coverage, corruptions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnn.common.text import percent
from cnn.figures._base import curve, hover, labelled_bars, layout, legend_row
from cnn.figures.colours import BEST, MUTED, PROBLEM, TRAIN, VALIDATION

MOST_POINTS = 300
FAINT = "rgba(139,147,161,0.45)"


def reliability_diagram(
    edges: NDArray[np.float64],
    counts: NDArray[np.int64],
    curves: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> go.Figure:
    """Accuracy by confidence, one curve for each of `curves` (name: mean confidence and accuracy of
    each bin, NaN where it is empty), and below how many answers lie in each bin of the first."""
    figure = go.Figure()
    figure.add_scatter(**curve([0, 1], [0, 1], MUTED, 1), name="perfect", **hover(""))
    figure.data[0].line.dash = "dot"
    looks = zip(curves.items(), ((VALIDATION, "circle"), (BEST, "diamond")), strict=False)
    for (name, (confidence, accuracy)), (colour, symbol) in looks:
        there = np.isfinite(accuracy)
        trace = curve(confidence[there], accuracy[there], colour, mode="lines+markers")
        trace |= {"name": name, "marker": {"size": 8, "symbol": symbol}}
        shown = hover(f"{name}<br>confidence %{{x:.1%}}<br>right %{{y:.1%}}")
        figure.add_scatter(**trace, **shown)
    middles = (edges[1:] + edges[:-1]) / 2
    text = hover("%{y:,} answers")
    look = {"marker_color": FAINT, "showlegend": False, "width": np.diff(edges), "yaxis": "y2"}
    figure.add_bar(x=middles, y=counts, name="answers", **look, **text)
    figure.update_xaxes(title="Confidence", range=[0, 1.02], tickformat=".0%")
    below = {"title": "Answers", "type": "log", "domain": [0, 0.16], "dtick": 1, "showgrid": False}
    below["tickformat"] = ","  # not 1000 and 10k
    return layout(
        figure,
        430,
        yaxis={"title": "Right", "range": [0, 1.03], "tickformat": ".0%", "domain": [0.3, 1]},
        yaxis2=below,
        legend=legend_row(),
        bargap=0,
    )


def coverage_curve(
    share: NDArray[np.float64],
    accuracy: NDArray[np.float64],
    threshold: NDArray[np.float64],
    chosen: tuple[float, float] | None = None,
) -> go.Figure:
    """Accuracy of the answers that are given, by the share of images answered; `threshold` is the
    confidence from which on is answered there, `chosen` one share and accuracy to mark."""
    some = np.unique(np.linspace(0, len(share) - 1, MOST_POINTS).astype(int))
    text = hover(
        "answers %{x:.1%} of the images<br>%{y:.2%} of those are right<br>"
        "confidence from %{customdata:.1%} on"
    )
    figure = go.Figure()
    trace = curve(share[some], accuracy[some], TRAIN)
    figure.add_scatter(**trace, customdata=threshold[some], **text)
    if chosen is not None:
        look = {"mode": "markers", "marker": {"size": 12, "color": BEST, "symbol": "star"}}
        text = hover("chosen: answers %{x:.1%}, %{y:.2%} of those are right")
        figure.add_scatter(x=[chosen[0]], y=[chosen[1]], cliponaxis=False, **look, **text)
    across = {"tickformat": ".0%", "range": [-0.01, 1.03], "dtick": 0.2}
    figure.update_xaxes(title="Share of the images that it answers", **across)
    low = float(accuracy[share > 0.02].min(initial=1.0))
    limits = [max(0.0, low - 0.1 * (1 - low) - 0.001), 1.0005]
    figure.update_yaxes(title="Right, of those", range=limits, tickformat=".1%")
    return layout(figure, 300, showlegend=False)


def corruption_curve(
    levels: Sequence[float], accuracy: Sequence[float], unit: str, clean: float | None
) -> go.Figure:
    """Accuracy by the strength of one corruption, the unchanged images marked. Small: one of
    several."""
    figure = go.Figure()
    text = hover(f"%{{x}} {unit}<br>%{{y:.1%}} right")
    figure.add_scatter(**curve(levels, accuracy, TRAIN, mode="lines+markers"), **text)
    if clean is not None:
        at = list(levels).index(clean)
        look = {"mode": "markers", "marker": {"size": 12, "color": BEST, "symbol": "star"}}
        text = hover("unchanged: %{y:.2%} right")
        figure.add_scatter(x=[clean], y=[accuracy[at]], **look, **text)
    if clean == max(levels):  # the stronger the change, the farther to the right
        figure.update_xaxes(autorange="reversed")
    figure.update_xaxes(title=unit.capitalize(), tickvals=list(levels), tickangle=0)
    figure.update_xaxes(tickfont_size=10, title_standoff=4)
    figure.update_yaxes(range=[0, 1.05], tickformat=".0%", dtick=0.25)
    return layout(figure, 210, showlegend=False, margin={"l": 8, "r": 8, "t": 8, "b": 8})


def corruption_bars(
    names: Sequence[str], accuracy: Sequence[float], clean: float | None
) -> go.Figure:
    """Accuracy on each of several corruptions as bars, the worst in another colour, and a line at
    the accuracy on unchanged images, where it is known."""
    worst = int(np.argmin(accuracy))
    colours = [PROBLEM if i == worst else TRAIN for i in range(len(names))]
    labels = [percent(share) for share in accuracy]
    figure = labelled_bars(accuracy, names, colours, labels, "%{y}: %{x:.2%} right")
    if clean is not None:
        figure.add_vline(x=clean, layer="below", line={"color": BEST, "width": 2, "dash": "dash"})
    ticks = {"tickformat": ".0%", "tickvals": [0, 0.25, 0.5, 0.75, 1]}
    figure.update_xaxes(title="Right", range=[0, 1.14], **ticks)
    return layout(figure, 60 + 24 * len(names), margin={"l": 8, "r": 8, "t": 8, "b": 8})
