"""Plotly figures from plain arrays: pure functions, which know no runs and no pages."""

from cnn.figures.curves import accuracy_curve, compare_curves, loss_curve, smooth, thin
from cnn.figures.images import digit, kernel, mosaic, plane, tiles, vector
from cnn.figures.inside import (
    contributions,
    embedding,
    function_curve,
    histogram,
    overlay,
    planes,
    scores_over_epochs,
    signed_scale,
    similarity,
    spread,
)
from cnn.figures.scores import confusion_heatmap, probability_bars

__all__ = [
    "accuracy_curve",
    "compare_curves",
    "confusion_heatmap",
    "contributions",
    "digit",
    "embedding",
    "function_curve",
    "histogram",
    "kernel",
    "loss_curve",
    "mosaic",
    "overlay",
    "plane",
    "planes",
    "probability_bars",
    "scores_over_epochs",
    "signed_scale",
    "similarity",
    "smooth",
    "spread",
    "thin",
    "tiles",
    "vector",
]
