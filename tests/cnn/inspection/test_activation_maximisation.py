"""What excites a filter, against a search by hand and against gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cnn.common.progress import Stopped
from cnn.datasets import Preprocessing
from cnn.inspection.activation_maximisation import dream, strongest
from cnn.network import Architecture
from cnn.network.layers import Activation, Conv2d, Flatten, Linear, MaxPool2d
from cnn.network.receptive_field import receptive_field
from tests.networks import build

PREPROCESSING = Preprocessing(0.1307, 0.3081)
ARCHITECTURE = Architecture(
    layers=(Conv2d(filters=3), Activation(function="tanh"), MaxPool2d(), Conv2d(filters=4),
            Flatten(), Linear(units=5))
)  # fmt: skip
IMAGES = torch.randint(0, 256, (1100, 28, 28), generator=torch.Generator().manual_seed(0)).byte()


@pytest.mark.parametrize("number", [1, 4, 6])
def test_the_strongest_are_those_that_a_plain_search_finds(number: int) -> None:
    model, shares = build(ARCHITECTURE), []
    found = strongest(model, ARCHITECTURE, PREPROCESSING, IMAGES, number, progress=shares.append)
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
    assert len(strongest(model, ARCHITECTURE, PREPROCESSING, IMAGES[:4], 1).of(0)) == 4
    with pytest.raises(Stopped):
        strongest(model, ARCHITECTURE, PREPROCESSING, IMAGES, 1, stop=lambda: True)
    with pytest.raises(ValueError, match="no layer"):
        strongest(model, ARCHITECTURE, PREPROCESSING, IMAGES, 9)


def test_a_dream_excites_more_than_any_image() -> None:
    model = build(ARCHITECTURE)

    def answer(images: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return model[:4](PREPROCESSING(images))[:, 1].relu().square().mean((1, 2))

    made = dream(model, ARCHITECTURE, PREPROCESSING, 4, 1)
    assert answer(torch.from_numpy(made.image)[None])[0] > answer(IMAGES).max()
    assert made.path[-1] > made.path[0]
    assert made.image.shape == (28, 28)
    assert made.image.dtype == np.float32
    assert 0 <= made.image.min() <= made.image.max() <= 1
    assert not made.dead
    assert all(parameter.grad is None for parameter in model.parameters())


def test_an_edge_filter_dreams_of_edges() -> None:
    """Its answers cancel out in the mean, so that climbing the mean would leave a blank sheet."""
    architecture = Architecture(layers=(Conv2d(filters=1, bias=False), Flatten()))
    model = build(architecture)
    model[0].weight.data[0, 0] = torch.tensor([[-1.0, 0, 1]] * 3)
    image = dream(model, architecture, PREPROCESSING, 1, 0).image
    across = np.abs(np.diff(image[4:-4, 4:-4], axis=1)).mean()
    down = np.abs(np.diff(image[4:-4, 4:-4], axis=0)).mean()
    assert across > 0.2
    assert across > 3 * down


def test_a_dream_is_repeated_by_its_seed_and_can_be_stopped() -> None:
    model = build(ARCHITECTURE)

    def made(**options) -> np.ndarray:
        return dream(model, ARCHITECTURE, PREPROCESSING, 6, 2, steps=12, **options).image

    np.testing.assert_array_equal(made(seed=3), made(seed=3))
    assert not np.array_equal(made(seed=3), made(seed=4))
    calls: list[float] = []
    dream(
        model, ARCHITECTURE, PREPROCESSING, 1, 0, progress=calls.append,
        stop=lambda: len(calls) > 5,
    )  # fmt: skip
    assert len(calls) == 7  # six steps begun, and the end
    with pytest.raises(ValueError, match="no map"):
        dream(model, ARCHITECTURE, PREPROCESSING, 1, 3)


def test_a_filter_that_never_answers_has_nothing_to_dream_of() -> None:
    architecture = Architecture(layers=(Conv2d(filters=2), Activation(), Flatten()))
    model = build(architecture)
    model[0].weight.data.zero_()
    model[0].bias.data.fill_(-1.0)
    assert dream(model, architecture, PREPROCESSING, 2, 0, steps=4).dead
