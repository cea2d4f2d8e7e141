"""Plotly figures from plain arrays: pure functions, which know no runs and no pages.

Streamlit's theme gives fonts, grid and background; the few colours that carry a meaning are
chosen here to read on light and dark alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

TRAIN, VALIDATION, BEST, MUTED = "#4a8fd6", "#ea7a2c", "#38a373", "#8b93a1"
HIT = "#38a373"
MAX_POINTS = 400
# Ink on paper for images, heat for positive maps, blue-orange around zero for signed ones.
SEQUENTIAL = [
    [0.0, "#12161f"], [0.25, "#5a2a14"], [0.5, "#c2561a"], [0.75, "#f2a65a"], [1.0, "#fff4e2"],
]  # fmt: skip
DIVERGING = [
    [0.0, "#2166ac"], [0.25, "#86bbe0"], [0.5, "#f4f2ee"], [0.75, "#f3a364"], [1.0, "#b9480b"],
]  # fmt: skip


def _layout(figure: go.Figure, height: int, **more) -> go.Figure:
    return figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        uirevision="keep",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        **more,
    )


def thin(x: Sequence[float], y: Sequence[float], points: int = MAX_POINTS) -> tuple[list, list]:
    """At most `points` of a curve: means of equal bunches, so that no trend is lost."""
    if len(x) <= points:
        return list(x), list(y)
    width = math.ceil(len(x) / points)
    begins = range(0, len(x), width)
    return (
        [x[min(b + width, len(x)) - 1] for b in begins],
        [float(np.mean(y[b : b + width])) for b in begins],
    )


def smooth(values: Sequence[float], weight: float = 0.9) -> list[float]:
    """Exponential moving average, without the pull towards its first value (as Adam corrects)."""
    smoothed, total, share = [], 0.0, 0.0
    for value in values:
        total = weight * total + (1 - weight) * value
        share = weight * share + (1 - weight)
        smoothed.append(total / share)
    return smoothed


def loss_curve(steps: Sequence[float], losses: Sequence[float], total_steps: int) -> go.Figure:
    """Training loss by step: smoothed, the raw values behind it."""
    x, raw = thin(steps, losses)
    figure = go.Figure()
    figure.add_scatter(
        x=x, y=raw, mode="lines", name="raw", line={"color": TRAIN, "width": 1}, opacity=0.3,
        hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=x, y=smooth(raw), mode="lines", name="smoothed", line={"color": TRAIN, "width": 2.5},
        hovertemplate="step %{x}<br>loss %{y:.4f}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title="Step (batches seen)", range=[0, max(total_steps, 1)])
    figure.update_yaxes(title="Training loss (cross-entropy)", rangemode="tozero")
    return _layout(figure, 300, showlegend=False)


def accuracy_curve(
    epochs: Sequence[int],
    train: Sequence[float],
    validation: Sequence[float | None],
    best_epoch: int | None,
    total_epochs: int,
) -> go.Figure:
    """Train and validation accuracy by epoch, the best epoch marked, the gap between shaded."""
    figure = go.Figure()
    known = [(e, v, t) for e, v, t in zip(epochs, validation, train, strict=True) if v is not None]
    if len(known) > 1:
        figure.add_scatter(
            x=[e for e, _, _ in known] + [e for e, _, _ in reversed(known)],
            y=[t for _, _, t in known] + [v for _, v, _ in reversed(known)],
            fill="toself", mode="none", fillcolor="rgba(139,147,161,0.16)", hoverinfo="skip",
            showlegend=False,
        )  # fmt: skip
    figure.add_scatter(
        x=list(epochs), y=list(train), mode="lines+markers", name="training",
        line={"color": TRAIN, "width": 2.5}, marker={"size": 8, "symbol": "circle"},
        hovertemplate="epoch %{x}<br>training %{y:.2%}<extra></extra>",
    )  # fmt: skip
    if known:
        figure.add_scatter(
            x=[e for e, _, _ in known], y=[v for _, v, _ in known], mode="lines+markers",
            name="validation", line={"color": VALIDATION, "width": 2.5},
            marker={"size": 9, "symbol": "diamond"},
            hovertemplate="epoch %{x}<br>validation %{y:.2%}<extra></extra>",
        )  # fmt: skip
        best = next(((e, v) for e, v, _ in known if e == best_epoch), None)
        if best:
            figure.add_scatter(
                x=[best[0]], y=[best[1]], mode="markers", name=f"best: epoch {best[0]}",
                marker={"size": 16, "symbol": "star", "color": BEST},
                hovertemplate="best epoch %{x}<br>%{y:.2%}<extra></extra>",
            )  # fmt: skip
    figure.update_xaxes(
        title="Epoch", range=[0.5, max(total_epochs, 2) + 0.5], dtick=max(1, total_epochs // 10)
    )
    figure.update_yaxes(title="Accuracy", tickformat=".1%")
    return _layout(figure, 300, legend={"orientation": "h", "y": 1.12, "x": 0})


def compare_curves(curves: dict[str, tuple[list[int], list[float]]], quantity: str) -> go.Figure:
    """Accuracy by epoch of several runs; `curves` maps a run's name to epochs and accuracies."""
    dashes = ("solid", "dash", "dot", "dashdot")
    figure = go.Figure()
    for place, (name, (epochs, values)) in enumerate(curves.items()):
        figure.add_scatter(
            x=epochs, y=values, mode="lines+markers", name=name,
            line={"width": 2.5, "dash": dashes[place % 4]},
            hovertemplate="epoch %{x}: %{y:.2%}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    longest = max((max(epochs) for epochs, _ in curves.values()), default=1)
    figure.update_xaxes(
        title="Epoch", dtick=max(1, longest // 10), range=[0.5, max(longest, 2) + 0.5]
    )
    figure.update_yaxes(title=quantity, tickformat=".1%")
    return _layout(figure, 340, showlegend=True, legend={"orientation": "h", "y": -0.25, "x": 0})


def confusion_heatmap(counts: NDArray[np.int64], names: Sequence[str]) -> go.Figure:
    """The annotated confusion matrix, Truth down, Predicted across.

    Coloured by the share of each true class, on a scale that keeps rare confusions visible.
    """
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = go.Figure(
        go.Heatmap(
            z=np.sqrt(share), x=list(names), y=list(names), text=counts, customdata=share,
            texttemplate="%{text}", colorscale=[[0, "#f7f1e8"], [0.2, "#f6c999"],
            [0.6, "#dd7a2b"], [1, "#7a3108"]], showscale=False, xgap=2, ygap=2, zmin=0, zmax=1,
            hovertemplate="truth %{y}, read as %{x}<br>%{text} images, %{customdata:.1%} of %{y}"
            "<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(title="Predicted", side="top", type="category", showgrid=False)
    figure.update_yaxes(title="Truth", autorange="reversed", type="category", showgrid=False)
    return _layout(figure, 520)


def probability_bars(probabilities: Sequence[float], names: Sequence[str]) -> go.Figure:
    """One bar per class, the winner in another colour and bold, every bar with its figure."""
    winner = int(np.argmax(probabilities))
    labels = [f"<b>{n}</b>" if i == winner else n for i, n in enumerate(names)]
    figure = go.Figure(
        go.Bar(
            x=list(probabilities), y=labels, orientation="h",
            marker={"color": [VALIDATION if i == winner else MUTED for i in range(len(names))]},
            text=[f"{p:.1%}" for p in probabilities], textposition="outside", cliponaxis=False,
            hovertemplate="%{y}: %{x:.2%}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(
        range=[0, 1.18], tickformat=".0%", title="Probability", tickvals=[0, 0.25, 0.5, 0.75, 1]
    )
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    return _layout(figure, 340, bargap=0.3)


def mosaic(
    maps: NDArray[np.float32], columns: int | None = None, gap: int = 1
) -> NDArray[np.float32]:
    """Lay `(n, h, w)` tiles out as one array, NaN between them and where tiles are missing."""
    n, h, w = maps.shape
    columns = columns or math.ceil(math.sqrt(n * 1.6))
    columns = min(columns, n)
    rows = math.ceil(n / columns)
    sheet = np.full((rows * (h + gap) - gap, columns * (w + gap) - gap), np.nan, np.float32)
    for index, tile in enumerate(maps):
        row, column = divmod(index, columns)
        top, left = row * (h + gap), column * (w + gap)
        sheet[top : top + h, left : left + w] = tile
    return sheet


def tiles(
    maps: NDArray[np.float32],
    columns: int | None = None,
    signed: bool | None = None,
    ids: Sequence[int] | None = None,
    what: str = "map",
) -> go.Figure:
    """Many maps or filters `(n, h, w)` as one picture on one colour scale.

    Signed values get a diverging scale around zero. Hover names the tile (`what` and its number
    in `ids`) and the value.
    """
    n, _h, _w = maps.shape
    columns = min(columns or math.ceil(math.sqrt(n * 1.6)), n)
    ids = range(n) if ids is None else ids
    sheet = mosaic(maps, columns)
    signed = bool((maps < 0).any()) if signed is None else signed
    largest = float(np.abs(maps).max()) or 1.0
    numbers = mosaic(np.broadcast_to(np.asarray(ids)[:, None, None], maps.shape), columns)
    figure = go.Figure(
        go.Heatmap(
            z=sheet, customdata=numbers, hoverongaps=False,
            zmin=-largest if signed else 0, zmax=largest,
            colorscale=DIVERGING if signed else SEQUENTIAL,
            colorbar={"thickness": 8, "len": 0.9, "tickfont": {"size": 10}, "outlinewidth": 0},
            hovertemplate=f"{what} %{{customdata}}<br>%{{z:.4f}}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", constrain="domain")
    tall = max(110, min(620, round(980 * sheet.shape[0] / sheet.shape[1])))
    _layout(figure, tall, dragmode=False)
    return figure.update_layout(margin={"l": 0, "r": 0, "t": 4, "b": 4})


def digit(image: NDArray[np.floating], height: int = 220) -> go.Figure:
    """One image, ink bright, with its values on hover."""
    figure = go.Figure(
        go.Heatmap(
            z=image, colorscale=[[0, "#0d1117"], [1, "#ffffff"]], showscale=False,
            zmin=0, zmax=max(float(np.max(image)), 1e-6),
            hovertemplate="row %{y}, column %{x}<br>%{z:.3g}<extra></extra>",
        )
    )  # fmt: skip
    return _picture(figure, height)


def vector(values: NDArray[np.float32]) -> go.Figure:
    """A flat layer's outputs as bars in their order."""
    figure = go.Figure(
        go.Bar(
            y=values,
            marker={"color": np.where(values < 0, "#4a8fd6", "#ea7a2c"), "line_width": 0},
            hovertemplate="unit %{x}: %{y:.4f}<extra></extra>",
        )
    )
    figure.update_xaxes(title="Unit")
    figure.update_yaxes(title="Output")
    return _layout(figure, 180, bargap=0.05)


def plane(values: NDArray[np.float32], height: int = 190) -> go.Figure:
    """One map on the scale that suits it: heat, or blue-orange around zero where it is signed."""
    signed = bool((values < 0).any())
    largest = float(np.abs(values).max()) or 1.0
    figure = go.Figure(
        go.Heatmap(
            z=values, zmin=-largest if signed else 0, zmax=largest, showscale=False,
            colorscale=DIVERGING if signed else SEQUENTIAL,
            hovertemplate="row %{y}, column %{x}<br>%{z:.3g}<extra></extra>",
        )
    )  # fmt: skip
    return _picture(figure, height)


def kernel(values: NDArray[np.float32], height: int = 190) -> go.Figure:
    """A filter as a matrix with its numbers written in."""
    largest = float(np.abs(values).max()) or 1.0
    figure = go.Figure(
        go.Heatmap(
            z=values, zmin=-largest, zmax=largest, colorscale=DIVERGING, showscale=False,
            xgap=2, ygap=2, text=[[f"{v:.2g}" for v in row] for row in values.tolist()],
            texttemplate="%{text}", textfont={"size": 15}, hoverinfo="skip",
        )
    )  # fmt: skip
    return _picture(figure, height)


def _picture(figure: go.Figure, height: int) -> go.Figure:
    """Square pixels, row 0 at the top, no axes."""
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", constrain="domain")
    _layout(figure, height, dragmode=False)
    return figure.update_layout(margin={"l": 0, "r": 0, "t": 0, "b": 0})
