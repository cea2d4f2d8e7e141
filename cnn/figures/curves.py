"""Curves over steps and epochs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from cnn.figures._base import MAX_POINTS, layout
from cnn.figures.colours import BEST, TRAIN, VALIDATION


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
    return layout(figure, 300, showlegend=False)


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
    return layout(figure, 300, legend={"orientation": "h", "y": 1.12, "x": 0})


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
    return layout(figure, 340, showlegend=True, legend={"orientation": "h", "y": -0.25, "x": 0})
