"""How an untrained network carries signal and gradient: one row per layer, log scales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cnn.figures._base import layout
from cnn.figures.colours import LAYER_GROUPS, MUTED


def start_bars(layers: Sequence[Any], input_signal: float) -> go.Figure:
    """How every layer's output differs from image to image, and its weights' gradient norm.

    `layers` as `cnn.tryout.Start.layers`; the dotted line is the input's signal. Values of zero,
    which a log scale cannot show, are left out.
    """
    names = [f"{item.number} · {item.layer.summary}" for item in layers]
    colors = [LAYER_GROUPS[item.layer.group].code for item in layers]
    figure = make_subplots(1, 2, shared_yaxes=True, horizontal_spacing=0.06)
    for column, values in (
        (1, [item.signal or None for item in layers]),
        (2, [item.gradient or None for item in layers]),
    ):
        what = "signal" if column == 1 else "gradient norm"
        figure.add_trace(
            go.Scatter(
                x=values, y=names, mode="markers", showlegend=False,
                marker={"color": colors, "size": 11, "line": {"width": 0}},
                hovertemplate=f"%{{y}}<br>{what} %{{x:.3g}}<extra></extra>",
            ),
            row=1, col=column,
        )  # fmt: skip
    figure.add_vline(input_signal, line={"color": MUTED, "dash": "dot", "width": 1.5}, row=1, col=1)
    figure.update_xaxes(type="log", nticks=4, exponentformat="power", minor={"showgrid": False})
    figure.update_xaxes(title="Signal", row=1, col=1)
    figure.update_xaxes(title="Gradient norm", row=1, col=2)
    figure.update_yaxes(autorange="reversed", showgrid=True, automargin=True)
    return layout(figure, 110 + 24 * len(layers), dragmode=False)
