"""What a network decided: probabilities, confusions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnn.figures._base import layout
from cnn.figures.colours import MUTED, VALIDATION

# By the square root of a share. Laid over the page's own background, so that "never" has the
# page's colour in light and dark.
CONFUSIONS = [
    [0, "rgba(217,105,29,0.04)"], [0.05, "rgba(217,105,29,0.16)"],
    [0.3, "rgba(217,105,29,0.55)"], [1, "rgba(194,78,20,1)"],
]  # fmt: skip


def confusion_heatmap(counts: NDArray[np.int64], names: Sequence[str]) -> go.Figure:
    """The annotated confusion matrix, Truth down, Predicted across.

    Coloured by the share of each true class, on a scale that keeps rare confusions visible.
    """
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = go.Figure(
        go.Heatmap(
            z=np.sqrt(share), x=list(names), y=list(names), text=counts, customdata=share,
            colorscale=CONFUSIONS, showscale=False, xgap=2, ygap=2,
            zmin=0, zmax=1,
            hovertemplate="truth %{y}, read as %{x}<br>%{text} images, %{customdata:.1%} of %{y}"
            "<extra></extra>",
        )
    )  # fmt: skip
    strong = share > 0.3  # there the cell is dark enough for white in either theme
    for where, look in ((~strong, {}), (strong, {"textfont_color": "#ffffff"})):
        row, column = (places.tolist() for places in np.nonzero(where))
        figure.add_scatter(
            x=[names[i] for i in column], y=[names[i] for i in row], mode="text",
            text=[str(n) for n in counts[where]], hoverinfo="skip", showlegend=False, **look,
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
