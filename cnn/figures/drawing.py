"""What a network makes of a drawing: which ink decided, and how the answer moved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnn.figures._base import layout
from cnn.figures.colours import CLASSES, MUTED

FOR, AGAINST = np.array([250, 130, 40], np.float32), np.array([70, 150, 235], np.float32)


def evidence_overlay(
    image: NDArray[np.float32], evidence: NDArray[np.float32], largest: float | None = None
) -> NDArray[np.uint8]:
    """The ink in grey with what spoke for a class in orange, against it in blue.

    `image` float `(28, 28)` in 0-1, `evidence` float of the same shape, `largest` the value of the
    fullest colour. Returns uint8 `(28, 28, 3)`.
    """
    largest = largest or float(np.abs(evidence).max()) or 1.0
    strength = np.clip(np.abs(evidence) / largest, 0, 1)[..., None] ** 0.6
    colour = np.where((evidence > 0)[..., None], FOR, AGAINST)
    grey = (22 + 120 * image)[..., None]
    return np.clip(grey * (1 - strength) + colour * strength, 0, 255).astype(np.uint8)


def answer_over_epochs(
    epochs: Sequence[int], probabilities: NDArray[np.float32], names: Sequence[str]
) -> go.Figure:
    """Probability by epoch, `(epochs, classes)`, as lines; classes never above a tenth are grey."""
    figure = go.Figure()
    strongest = probabilities.max(axis=0)
    for k in np.argsort(strongest):
        loud = strongest[k] > 0.1
        figure.add_scatter(
            x=list(epochs), y=probabilities[:, k].tolist(), name=names[k],
            mode="lines+markers" if loud else "lines", showlegend=bool(loud),
            line={"color": CLASSES[k % 10] if loud else MUTED, "width": 3 if loud else 1},
            opacity=1.0 if loud else 0.4,
            hovertemplate=f"{names[k]} after epoch %{{x}}: %{{y:.1%}}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title="Epoch", dtick=1 if len(epochs) <= 12 else None)
    figure.update_yaxes(title="Probability", range=[0, 1.04], tickformat=".0%")
    return layout(figure, 280, legend={"orientation": "h", "y": 1.14, "traceorder": "reversed"})
