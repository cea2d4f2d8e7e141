"""The images that activate a map most, against a plain search."""

from __future__ import annotations

import pytest
import torch

from cnn.inspection.top_activations import top_activations
from cnn.network.receptive_field import receptive_field
from tests.cnn.inspection.example import ARCHITECTURE, IMAGES, PREPROCESSING
from tests.cnn.inspection.stopping import Stopped, stop
from tests.networks import build


@pytest.mark.parametrize("number", [1, 4, 6])
def test_they_are_those_that_a_plain_search_finds(number: int) -> None:
    model, shares = build(ARCHITECTURE), []
    found = top_activations(
        model, ARCHITECTURE, PREPROCESSING, IMAGES, number, progress=shares.append
    )
    with torch.no_grad():
        values = model[:number](PREPROCESSING(IMAGES))
    maps = values.reshape(*values.shape[:2], *(values.shape[2:] or (1, 1)))
    for channel in range(maps.shape[1]):
        peaks = maps[:, channel].amax((1, 2))
        top = peaks.topk(9).values.tolist()
        answers = found.of(channel)
        assert [a.value for a in answers] == pytest.approx(top, abs=1e-5)
        assert len({a.index for a in answers}) == 9
        for a in answers:
            there = float(maps[a.index, channel, a.row, a.column])
            assert there == pytest.approx(a.value, abs=1e-5)
            assert a.box == receptive_field(ARCHITECTURE, number, a.row, a.column).box
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_few_images_are_all_found_and_a_search_can_be_stopped() -> None:
    model = build(ARCHITECTURE)
    assert len(top_activations(model, ARCHITECTURE, PREPROCESSING, IMAGES[:4], 1).of(0)) == 4
    with pytest.raises(Stopped):
        top_activations(model, ARCHITECTURE, PREPROCESSING, IMAGES, 1, progress=stop)
    with pytest.raises(ValueError, match="no layer"):
        top_activations(model, ARCHITECTURE, PREPROCESSING, IMAGES, 9)
