"""The learning-rate range test."""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from cnn.figures._base import layout
from cnn.figures.colours import BEST, TRAIN


def range_test(
    rates: Sequence[float],
    losses: Sequence[float],
    smoothed: Sequence[float],
    suggestion: float | None,
    bounds: tuple[float, float],
) -> go.Figure:
    """Loss by learning rate on a logarithmic axis that spans `bounds`; the suggestion is marked."""
    figure = go.Figure()
    figure.add_scatter(
        x=list(rates), y=list(losses), mode="lines", line={"color": TRAIN, "width": 1},
        opacity=0.3, hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=list(rates), y=list(smoothed), mode="lines", line={"color": TRAIN, "width": 2.5},
        hovertemplate="learning rate %{x:.2g}<br>loss %{y:.3f}<extra></extra>",
    )  # fmt: skip
    if suggestion is not None:
        figure.add_vline(x=suggestion, line={"color": BEST, "width": 2, "dash": "dash"})
        figure.add_annotation(
            x=math.log10(suggestion), y=1, yref="paper", xanchor="right", yanchor="top",
            xshift=-6, text=f"suggested: {suggestion:g}", showarrow=False, font={"color": BEST},
        )  # fmt: skip
    low, high = bounds
    figure.update_xaxes(
        title="Learning rate", type="log", dtick=1, exponentformat="power",
        range=[math.log10(low), math.log10(high)],
    )  # fmt: skip
    top = max(smoothed[:5], default=2.5) * 1.25
    figure.update_yaxes(title="Training loss (cross-entropy)", range=[0, top])
    return layout(figure, 280, showlegend=False)
