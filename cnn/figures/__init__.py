"""Plotly figures from plain arrays: pure functions, which know no runs and no pages."""

from cnn.figures.curves import accuracy_curve, compare_curves, loss_curve, smooth, thin
from cnn.figures.images import digit, kernel, mosaic, plane, tiles, vector
from cnn.figures.inside import (
    before_after,
    contributions,
    function_curve,
    histogram,
    overlay,
    planes,
    scores_over_epochs,
    signed_scale,
    similarity,
    spreads,
)
from cnn.figures.rates import range_test
from cnn.figures.scores import confusion_heatmap, probability_bars

__all__ = [
    "accuracy_curve",
    "before_after",
    "compare_curves",
    "confusion_heatmap",
    "contributions",
    "digit",
    "function_curve",
    "histogram",
    "kernel",
    "loss_curve",
    "mosaic",
    "overlay",
    "plane",
    "planes",
    "probability_bars",
    "range_test",
    "scores_over_epochs",
    "signed_scale",
    "similarity",
    "smooth",
    "spreads",
    "thin",
    "tiles",
    "vector",
]
