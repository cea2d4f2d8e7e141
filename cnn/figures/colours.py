"""Colours that carry a meaning, each chosen once. They read on light and dark alike."""

from __future__ import annotations

from typing import NamedTuple

TRAIN, VALIDATION, BEST, MUTED = "#4a8fd6", "#ea7a2c", "#38a373", "#8b93a1"

# Ink on paper for images, heat for positive maps, blue-orange around zero for signed ones.
INK = [[0.0, "#0d1117"], [1.0, "#ffffff"]]
SEQUENTIAL = [[0.0, "#12161f"], [0.25, "#5a2a14"], [0.5, "#c2561a"], [0.75, "#f2a65a"]]
SEQUENTIAL += [[1.0, "#fff4e2"]]
DIVERGING = [[0.0, "#2166ac"], [0.25, "#86bbe0"], [0.5, "#f4f2ee"], [0.75, "#f3a364"]]
DIVERGING += [[1.0, "#b9480b"]]

# One for each class, everywhere: a 3 on Draw has the colour of a 3 on Inspect.
CLASSES = ["#4a8fd6", "#ea7a2c", "#38a373", "#9a7bd0", "#d9534f"]
CLASSES += ["#17a2a4", "#c9a227", "#d670a8", "#7d8b9c", "#a8704a"]


class GroupColour(NamedTuple):
    """One colour, as pictures take it and as Streamlit's Markdown names it."""

    code: str
    name: str


# A layer's group (`cnn.network.layers.Group`), in the palette's order.
LAYER_GROUPS: dict[str, GroupColour] = {
    "Feature extraction": GroupColour("#4a8fd6", "blue"),
    "Non-linearity": GroupColour("#e8863a", "orange"),
    "Down-sampling": GroupColour("#3fa57a", "green"),
    "Regularisation": GroupColour("#9579d1", "violet"),
    "Classification": GroupColour("#c9a227", "yellow"),
}
