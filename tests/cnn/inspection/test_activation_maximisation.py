"""An image made for a filter, against real images and known filters."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cnn.inspection.activation_maximisation import maximise_activation
from cnn.network import Architecture
from cnn.network.layers import Activation, Conv2d, Flatten
from tests.cnn.inspection.example import ARCHITECTURE, IMAGES, PREPROCESSING
from tests.cnn.inspection.stopping import Stopped, stop
from tests.networks import build


def test_it_activates_the_map_more_than_any_image() -> None:
    model = build(ARCHITECTURE)

    def answer(images: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return model[:4](PREPROCESSING(images))[:, 1].relu().square().mean((1, 2))

    made = maximise_activation(model, ARCHITECTURE, PREPROCESSING, 4, 1)
    assert answer(torch.from_numpy(made.image)[None])[0] > answer(IMAGES).max()
    assert made.path[-1] > made.path[0]
    assert made.image.shape == (28, 28)
    assert made.image.dtype == np.float32
    assert 0 <= made.image.min() <= made.image.max() <= 1
    assert not made.dead
    assert all(parameter.grad is None for parameter in model.parameters())


def test_an_edge_filters_image_has_edges() -> None:
    """Its values cancel out in the mean, so that maximising the mean would leave a blank sheet."""
    architecture = Architecture(layers=(Conv2d(filters=1, bias=False), Flatten()))
    model = build(architecture)
    model[0].weight.data[0, 0] = torch.tensor([[-1.0, 0, 1]] * 3)
    image = maximise_activation(model, architecture, PREPROCESSING, 1, 0).image
    across = np.abs(np.diff(image[4:-4, 4:-4], axis=1)).mean()
    down = np.abs(np.diff(image[4:-4, 4:-4], axis=0)).mean()
    assert across > 0.2
    assert across > 3 * down


def test_it_is_repeated_by_its_seed_and_can_be_stopped() -> None:
    model = build(ARCHITECTURE)

    def made(**options) -> np.ndarray:
        return maximise_activation(
            model, ARCHITECTURE, PREPROCESSING, 6, 2, steps=12, **options
        ).image

    np.testing.assert_array_equal(made(seed=3), made(seed=3))
    assert not np.array_equal(made(seed=3), made(seed=4))
    calls: list[float] = []
    maximise_activation(model, ARCHITECTURE, PREPROCESSING, 1, 0, steps=6, progress=calls.append)
    assert len(calls) == 7  # six steps begun, and the end
    with pytest.raises(Stopped):
        maximise_activation(model, ARCHITECTURE, PREPROCESSING, 1, 0, progress=stop)
    with pytest.raises(ValueError, match="no map"):
        maximise_activation(model, ARCHITECTURE, PREPROCESSING, 1, 3)


def test_a_filter_that_is_always_zero_has_no_image() -> None:
    architecture = Architecture(layers=(Conv2d(filters=2), Activation(), Flatten()))
    model = build(architecture)
    model[0].weight.data.zero_()
    model[0].bias.data.fill_(-1.0)
    assert maximise_activation(model, architecture, PREPROCESSING, 2, 0, steps=4).dead
