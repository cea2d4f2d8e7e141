"""How one output value was computed, as numbers that add up.

    explainer = Explainer(model, architecture, x)
    found = explainer.explain(number=1, channel=3, row=10, column=12)

`found.value` is what the network computed; `found.total` is computed again in float64 from the
numbers that are shown. Each kind of arithmetic is a class, so that a page draws one thing for each.
"""

from cnn.inspection.arithmetic.explainer import Explainer
from cnn.inspection.arithmetic.explanations import (
    FUNCTIONS,
    Addition,
    BatchNorm,
    Copy,
    Explanation,
    Function,
    MapMean,
    Place,
    Softmax,
    WeightedSum,
)
from cnn.inspection.arithmetic.sliding_window import WindowSum

__all__ = [
    "FUNCTIONS",
    "Addition",
    "BatchNorm",
    "Copy",
    "Explainer",
    "Explanation",
    "Function",
    "MapMean",
    "Place",
    "Softmax",
    "WeightedSum",
    "WindowSum",
]
