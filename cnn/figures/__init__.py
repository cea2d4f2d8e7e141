"""Plotly figures from plain arrays: pure functions, which know no runs and no pages."""

from cnn.figures.curves import accuracy_curve, compare_curves, loss_curve, smooth, thin
from cnn.figures.images import digit, kernel, mosaic, plane, tiles, vector
from cnn.figures.rates import range_test
from cnn.figures.scores import confusion_heatmap, probability_bars

__all__ = [
    "accuracy_curve",
    "compare_curves",
    "confusion_heatmap",
    "digit",
    "kernel",
    "loss_curve",
    "mosaic",
    "plane",
    "probability_bars",
    "range_test",
    "smooth",
    "thin",
    "tiles",
    "vector",
]
