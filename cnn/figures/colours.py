"""Colours that carry a meaning, each chosen once. They read on light and dark alike."""

from __future__ import annotations

from typing import NamedTuple

TRAIN, VALIDATION, BEST, MUTED = "#4a8fd6", "#ea7a2c", "#38a373", "#8b93a1"
NEGATIVE, POSITIVE = TRAIN, VALIDATION  # values below and above zero, as bars
DEAD, PROBLEM = "#d9534f", "#e0524f"
GAP = "rgba(139,147,161,0.16)"  # between training and validation
LABELS = {"light": "#4b505c", "dark": "#bbbab8"}  # small type beside a chart
PAPER, BLACK, TEXT = "#ffffff", "#000000", {"light": "#1f2430", "dark": "#e8e6e1"}

# Ink on paper for images, heat for positive maps, blue-orange around zero for signed ones.
INK = [[0.0, "#0d1117"], [1.0, "#ffffff"]]
SEQUENTIAL = [[0.0, "#12161f"], [0.25, "#5a2a14"], [0.5, "#c2561a"], [0.75, "#f2a65a"]]
SEQUENTIAL += [[1.0, "#fff4e2"]]
DIVERGING = [[0.0, "#2166ac"], [0.25, "#86bbe0"], [0.5, "#f4f2ee"], [0.75, "#f3a364"]]
DIVERGING += [[1.0, "#b9480b"]]
DIVERGING_DARK = [[0.0, "#8cc4f8"], [0.25, "#3d7ab8"], [0.5, "#1b2029"], [0.75, "#b9591d"]]
DIVERGING_DARK += [[1.0, "#ffb473"]]

# Confusions, by the square root of a share. Laid over the page's own background, so that "never"
# has the page's colour in light and dark.
CONFUSIONS = [[0, "rgba(217,105,29,0.04)"], [0.05, "rgba(217,105,29,0.16)"]]
CONFUSIONS += [[0.3, "rgba(217,105,29,0.55)"], [1, "rgba(194,78,20,1)"]]

# One for each class, everywhere: a 3 on Draw has the colour of a 3 on Inspect. Told apart without
# red or green cones too (tests/cnn/figures/test_colours.py).
CLASSES = ["#3098fb", "#fc7413", "#1f9b6f", "#815cbe", "#d9534f"]
CLASSES += ["#15b6c0", "#626800", "#ff59a9", "#5f6d76", "#814348"]

# Laid over an image, as (red, green, blue): evidence for a class, evidence against it.
EVIDENCE = (250, 130, 40), (70, 150, 235)
ATTRIBUTION = (255, 122, 26), (64, 150, 245)


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


def signed_scale(dark: bool) -> list:
    """Blue to orange; zero has the colour of the paper, light or dark."""
    return DIVERGING_DARK if dark else DIVERGING
