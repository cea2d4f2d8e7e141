"""Plotly figures from plain arrays: pure functions, which know no runs and no pages."""

from plotly.graph_objects import Figure

from cnn.figures._base import plain
from cnn.figures.comparison import bands, confusion_difference, overlay_curves
from cnn.figures.curves import (
    accuracy_by_step,
    accuracy_curve,
    epoch_losses,
    loss_curve,
    range_test,
)
from cnn.figures.evaluation import (
    corruption_bars,
    corruption_curve,
    coverage_curve,
    reliability_diagram,
)
from cnn.figures.images import activation_map, digit, kernel, tiles, vector
from cnn.figures.inspection import (
    contributions,
    function_curve,
    histogram,
    layer_histograms,
    similarity,
)
from cnn.figures.overlays import evidence_overlay, overlay, overlay_peak, overlay_scale
from cnn.figures.predictions import (
    answer_over_epochs,
    before_after,
    confusion_heatmap,
    probabilities_over_epochs,
    probability_bars,
)
from cnn.figures.space import planes
from cnn.figures.sweeps import importances, parallel_coordinates, sweep_map

__all__ = [
    "Figure",
    "accuracy_by_step",
    "accuracy_curve",
    "activation_map",
    "answer_over_epochs",
    "bands",
    "before_after",
    "confusion_difference",
    "confusion_heatmap",
    "contributions",
    "corruption_bars",
    "corruption_curve",
    "coverage_curve",
    "digit",
    "epoch_losses",
    "evidence_overlay",
    "function_curve",
    "histogram",
    "importances",
    "kernel",
    "layer_histograms",
    "loss_curve",
    "overlay",
    "overlay_curves",
    "overlay_peak",
    "overlay_scale",
    "parallel_coordinates",
    "plain",
    "planes",
    "probabilities_over_epochs",
    "probability_bars",
    "range_test",
    "reliability_diagram",
    "similarity",
    "sweep_map",
    "tiles",
    "vector",
]
