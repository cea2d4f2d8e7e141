"""Colours for everybody: told apart without red or green cones, and read on their paper."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from cnn.figures.colours import CLASSES, LABELS
from tests.colour_vision import VISION, contrast, difference, laid_over, nearest

THEMES = tomllib.loads((Path(__file__).parents[3] / ".streamlit/config.toml").read_text("utf-8"))[
    "theme"
]
APART = 12  # CIEDE2000
READ, SEEN = 4.5, 2.2  # contrast of type (WCAG 2.2, AA), and of the areas and lines of a figure
# Of the paper that controls and captions stand on.
PAPERS = ("backgroundColor", "secondaryBackgroundColor")


def test_the_measure_is_ciede2000():
    """Pairs of Sharma and others (2005), table 1."""
    one = np.array([[50, 2.6772, -79.7751], [50, 2.5, 0], [60.2574, -34.0099, 36.2677]])
    other = np.array([[50, 0, -82.7485], [73, 25, -18], [60.4626, -34.1751, 39.4387]])
    assert difference(one, other) == pytest.approx([2.0425, 27.1492, 1.2644], abs=1e-4)


@pytest.mark.parametrize("vision", VISION)
def test_the_classes_are_told_apart(vision):
    least, pair = nearest(CLASSES, vision)
    assert least >= APART, pair


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_so_are_the_curves_of_a_chart(theme, vision):
    least, pair = nearest(THEMES[theme]["chartCategoricalColors"], vision)
    assert least >= APART, pair


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_they_stand_out_from_the_page(theme):
    colours = THEMES[theme]
    for colour in (*CLASSES, *colours["chartCategoricalColors"]):
        assert contrast(colour, colours["backgroundColor"]) >= SEEN, colour


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_type_can_be_read(theme):
    colours = THEMES[theme]
    for paper in (colours[name] for name in PAPERS):
        caption = laid_over(colours["textColor"], paper, 0.76)
        for ink in (colours["primaryColor"], colours["linkColor"], caption, LABELS[theme]):
            assert contrast(ink, paper) >= READ, (ink, paper)
    chosen = laid_over(colours["primaryColor"], colours["backgroundColor"], 0.1)
    assert contrast(colours["primaryColor"], chosen) >= READ
    on_button = "#ffffff" if theme == "light" else "#14171d"
    assert contrast(on_button, colours["primaryColor"]) >= READ


def test_headings_have_weights_that_streamlit_takes():
    """It refuses others, and says so in the browser's console only."""
    assert {weight % 100 for weight in THEMES["headingFontWeights"]} == {0}
