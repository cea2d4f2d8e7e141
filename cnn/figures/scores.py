"""What a network decided: probabilities, confusions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnn.figures._base import MUTED, VALIDATION, layout


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
    return layout(figure, 520)


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
    return layout(figure, 340, bargap=0.3)
