"""Curves over steps, epochs and learning rates."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from cnn.common.smoothing import smooth
from cnn.figures._base import curve, hover, layout, legend_row
from cnn.figures.colours import BEST, GAP, TRAIN, VALIDATION

MAX_POINTS = 400
WITHIN_TRAIN, WITHIN_VALIDATION = "training, by step", "held-out images, by step"


def thin(x: ArrayLike, y: ArrayLike, points: int = MAX_POINTS) -> tuple[list, list]:
    """At most `points` of a curve: means of equal bunches, so that no trend is lost."""
    across, up = np.asarray(x), np.asarray(y)
    if len(across) > points:
        width = math.ceil(len(across) / points)
        begins = np.arange(0, len(across), width)
        ends = np.minimum(begins + width, len(across))
        across, up = across[ends - 1], np.add.reduceat(up, begins) / (ends - begins)
    return across.tolist(), up.tolist()


def loss_curve(steps: Sequence[float], losses: Sequence[float], total_steps: int) -> go.Figure:
    """Training loss by step: smoothed, the raw values behind it."""
    x, raw = thin(steps, losses)
    _, smoothed = thin(steps, smooth(losses))
    figure = _raw_and_smoothed(x, raw, smoothed, "step %{x}<br>loss %{y:.4f}")
    figure.update_xaxes(title="Step (batches seen)", range=[0, max(total_steps, 1)])
    if x:
        figure.update_yaxes(rangemode="tozero")
    else:  # as tall as guessing among ten classes costs
        figure.update_yaxes(range=[0, 2.5])
    return layout(figure, 300, showlegend=False)


def range_test(
    rates: Sequence[float],
    losses: Sequence[float],
    smoothed: Sequence[float],
    suggestion: float | None,
    bounds: tuple[float, float],
) -> go.Figure:
    """Loss by learning rate on a logarithmic axis that spans `bounds`; the suggestion is marked."""
    text = "learning rate %{x:.2g}<br>loss %{y:.3f}"
    figure = _raw_and_smoothed(list(rates), list(losses), list(smoothed), text)
    if suggestion is not None:
        figure.add_vline(x=suggestion, line={"color": BEST, "width": 2, "dash": "dash"})
        place = {"x": math.log10(suggestion), "y": 1, "yref": "paper", "xshift": -6}
        look = {"xanchor": "right", "yanchor": "top", "font": {"color": BEST}, "showarrow": False}
        figure.add_annotation(text=f"suggested: {suggestion:g}", **place, **look)
    span = [math.log10(bound) for bound in bounds]
    powers = {"type": "log", "dtick": 1, "exponentformat": "power"}
    figure.update_xaxes(title="Learning rate", range=span, **powers)
    figure.update_yaxes(range=[0, max(smoothed[:5], default=2.5) * 1.25])
    return layout(figure, 280, showlegend=False)


def _raw_and_smoothed(x: list, raw: list, smoothed: list, text: str) -> go.Figure:
    """A training loss as measured, faint, and smoothed, with `text` under the mouse."""
    figure = go.Figure()
    figure.add_scatter(**curve(x, raw, TRAIN, 1), name="raw", opacity=0.3, **hover(""))
    figure.add_scatter(**curve(x, smoothed, TRAIN), name="smoothed", **hover(text))
    return figure.update_yaxes(title="Training loss (cross-entropy)")


def accuracy_curve(
    epochs: Sequence[int],
    train: Sequence[float],
    validation: Sequence[float | None],
    best_epoch: int | None,
    total_epochs: int,
) -> go.Figure:
    """Train and validation accuracy by epoch, the best epoch marked, the gap between shaded.

    The last two traces, dotted, are without points: what the browser puts there as the steps go by,
    the training accuracy and that on some held-out images. The legend has what has points.
    """
    figure = _train_and_validation(epochs, train, validation, best_epoch, "%{y:.2%}")
    for name, colour in ((WITHIN_TRAIN, TRAIN), (WITHIN_VALIDATION, VALIDATION)):
        look = {"name": name, "opacity": 0.8, "showlegend": False, "zorder": -1}
        line = {"line": {"color": colour, "width": 1.8, "dash": "dot"}}
        trace = curve([], [], colour) | line
        figure.add_scatter(**trace, **look, **hover(f"{name} %{{y:.1%}}"))
    _epoch_axes(figure, total_epochs, "Accuracy")
    figure.update_xaxes(range=[0, max(total_epochs, 1) + 0.5])
    if len(epochs) < 2:  # all there can be: within the first epoch it rises from guessing
        figure.update_yaxes(range=[0, 1], tickformat=".0%")
    else:
        known = [accuracy for accuracy in validation if accuracy is not None]
        figure.update_yaxes(range=_span([*train, *known]))
    return layout(figure, 300, legend=legend_row())


def epoch_losses(
    epochs: Sequence[int],
    train: Sequence[float],
    validation: Sequence[float | None],
    best_epoch: int | None,
) -> go.Figure:
    """Train and validation loss by epoch on a logarithmic axis, the best epoch marked, the gap
    between shaded."""
    figure = _train_and_validation(epochs, train, validation, best_epoch, "%{y:.4g}")
    _epoch_axes(figure, max(epochs, default=1), "Loss (cross-entropy)")
    # Plotly's own ticks between powers of ten are a bare 2 and 5.
    losses = [loss for loss in (*train, *validation) if loss]
    narrow = bool(losses) and max(losses) < 5 * min(losses)
    digits = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8) if narrow else (1, 2, 5)
    ticks = [digit * 10.0**power for power in range(-8, 5) for digit in digits]
    words = [f"{tick:.10f}".rstrip("0").rstrip(".") for tick in ticks]
    figure.update_yaxes(type="log", autorangeoptions=None, tickvals=ticks, ticktext=words)
    return layout(figure, 300, legend=legend_row())


def _train_and_validation(
    epochs: Sequence[int],
    train: Sequence[float],
    validation: Sequence[float | None],
    best_epoch: int | None,
    number: str,
) -> go.Figure:
    """Two curves by epoch, the gap between them shaded, the best epoch marked on the second;
    `number` shows a value under the mouse."""
    figure = go.Figure()
    known = [(e, v, t) for e, v, t in zip(epochs, validation, train, strict=True) if v is not None]
    at, held_out = [e for e, _, _ in known], [v for _, v, _ in known]
    if len(known) > 1:
        around, back = at + at[::-1], [t for _, _, t in known] + held_out[::-1]
        look = {"fill": "toself", "mode": "none", "fillcolor": GAP, "showlegend": False}
        figure.add_scatter(x=around, y=back, **look, **hover(""))
    curves = [("training", list(epochs), list(train), TRAIN, {"size": 8, "symbol": "circle"})]
    if known:
        curves += [("validation", at, held_out, VALIDATION, {"size": 9, "symbol": "diamond"})]
    for name, x, y, colour, marker in curves:
        trace = curve(x, y, colour, mode="lines+markers") | {"name": name, "marker": marker}
        trace["showlegend"] = bool(x)
        figure.add_scatter(**trace, **hover(f"epoch %{{x}}<br>{name} {number}"))
    if best_epoch in at:
        star = {"size": 16, "symbol": "star", "color": BEST}
        look = {"mode": "markers", "name": f"best: epoch {best_epoch}", "marker": star}
        best, text = held_out[at.index(best_epoch)], hover(f"best epoch %{{x}}<br>{number}")
        figure.add_scatter(x=[best_epoch], y=[best], **look, **text)
    return figure


def _span(accuracies: list[float]) -> list[float]:
    """From a little below the lowest accuracy to a little above the highest."""
    low, high = min(accuracies), max(accuracies)
    margin = 0.1 * max(high - low, 0.01)
    return [max(0, low - margin), min(1 + margin, high + margin)]


def accuracy_by_step(total_steps: int) -> go.Figure:
    """Axes for accuracy within the epochs, and two curves without points: `training` and
    `validation`."""
    figure = go.Figure()
    for name, colour in (("training", TRAIN), ("validation", VALIDATION)):
        text = hover(f"step %{{x}}<br>{name} %{{y:.1%}}")
        figure.add_scatter(**curve([], [], colour) | {"name": name}, **text)
    figure.update_xaxes(title="Step (batches seen)", range=[0, max(total_steps, 1)])
    figure.update_yaxes(title="Accuracy", range=[0, 1], tickformat=".0%")
    return layout(figure, 300, showlegend=False)


def _epoch_axes(figure: go.Figure, last: int, quantity: str) -> None:
    """Epochs up to `last` across, accuracies up."""
    dtick = max(1, last // 10)
    figure.update_xaxes(title="Epoch", range=[0.5, max(last, 2) + 0.5], dtick=dtick)
    shares = {"clipmin": 0, "clipmax": 1.01}  # one point alone would get an axis of -50 to 150%
    figure.update_yaxes(title=quantity, tickformat=".1%", autorangeoptions=shares)
