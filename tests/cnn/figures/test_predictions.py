"""Probabilities through time."""

import numpy as np

from cnn import figures


def test_probabilities_over_epochs_mark_where_we_are():
    figure = figures.probabilities_over_epochs(
        [0, 1], np.array([[0.5, 0.5], [0.1, 0.9]]), "ab", at=1
    )
    assert len(figure.data) == 2
    assert figure.layout.shapes[0].x0 == 1
