"""The learning-rate range test: its bounds and its suggestion."""

from __future__ import annotations

import numpy as np
import pytest

from cnn.runs.learning_rate_finder import bounds, smooth_losses, suggest
from cnn.training import OPTIMIZERS


def test_the_suggested_rate_lies_below_the_lowest_loss():
    rates = np.geomspace(1e-6, 1, 100)
    losses = 2.3 - 2 * np.exp(-((np.log10(rates) + 2) ** 2))  # lowest at 0.01
    suggestion = suggest(rates, losses)
    assert 0.001 < suggestion < 0.02
    assert suggest(rates, np.full(100, 2.3)) is None
    assert suggest(rates[:5], losses[:5]) is None
    assert smooth_losses([1.0, 1.0, 1.0]) == pytest.approx([1.0, 1.0, 1.0])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_search_spans_the_optimisers_usual_rate(optimizer):
    low, high = bounds(optimizer)
    assert low < OPTIMIZERS[optimizer].learning_rate < high <= 10
