"""How an untrained network carries signal and gradient: one row per layer, log scales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cnn.figures._base import hover, layout
from cnn.figures.colours import LAYER_GROUPS, MUTED
from cnn.network.layers import Layer


class LayerStart(Protocol):
    """What is drawn of a layer; `gradient` None where it has no weights."""

    @property
    def number(self) -> int: ...  # noqa: D102
    @property
    def layer(self) -> Layer: ...  # noqa: D102
    @property
    def signal(self) -> float: ...  # noqa: D102
    @property
    def gradient(self) -> float | None: ...  # noqa: D102


def signal_and_gradient(layers: Sequence[LayerStart], input_signal: float) -> go.Figure:
    """How every layer's output differs from image to image, and its weights' gradient norm.

    The dotted line is the input's signal. Values of zero, which a log scale cannot show, are left
    out.
    """
    names = [f"{item.number} · {item.layer.summary}" for item in layers]
    colours = [LAYER_GROUPS[item.layer.group].code for item in layers]
    dots = {"color": colours, "size": 11, "line": {"width": 0}}
    figure = make_subplots(1, 2, shared_yaxes=True, horizontal_spacing=0.06)
    columns = {
        "Signal": [item.signal or None for item in layers],
        "Gradient norm": [item.gradient or None for item in layers],
    }
    for column, (what, values) in enumerate(columns.items(), 1):
        look = {"mode": "markers", "marker": dots, "showlegend": False}
        text = hover(f"%{{y}}<br>{what.lower()} %{{x:.3g}}")
        figure.add_scatter(x=values, y=names, **look, **text, row=1, col=column)
        figure.update_xaxes(title=what, row=1, col=column)
    figure.add_vline(input_signal, line={"color": MUTED, "dash": "dot", "width": 1.5}, row=1, col=1)
    figure.update_xaxes(type="log", nticks=4, exponentformat="power", minor={"showgrid": False})
    figure.update_yaxes(autorange="reversed", showgrid=True, automargin=True)
    return layout(figure, 110 + 24 * len(layers), dragmode=False)
