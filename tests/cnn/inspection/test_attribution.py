"""Where the network looks: the checks that a true method passes and a false one does not."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from cnn import datasets
from cnn.datasets import Preprocessing
from cnn.inspection.attribution import METHODS, attribute, blank, grad_cam_layer
from cnn.network import Architecture
from cnn.network.layers import Activation, Conv2d, Flatten, GlobalAvgPool, ResidualBlock
from cnn.presets import PRESETS
from cnn.runs import Run
from cnn.runs.weights import load_model
from tests.cnn.inspection.stopping import Stopped, stop

PREPROCESSING = Preprocessing(0.1307, 0.3081)
ARCHITECTURE = Architecture(
    layers=(
        Conv2d(filters=4),
        Activation(),
        ResidualBlock(filters=4, stride=2),
        Activation(function="gelu"),
        Flatten(),
    )
)


def network(architecture: Architecture = ARCHITECTURE):
    torch.manual_seed(1)
    return architecture.build().eval()


def digit() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (28, 28)).astype(np.uint8)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_answers_for_any_class(method: str) -> None:
    model = network()
    answers = [
        attribute(method, model, ARCHITECTURE, PREPROCESSING, digit(), target) for target in (2, 7)
    ]
    for target, answer in zip((2, 7), answers, strict=True):
        assert answer.values.shape == (28, 28)
        assert answer.values.dtype == np.float32
        assert answer.target == target
        assert np.isfinite(answer.values).all()
        assert answer.largest > 0
    assert not np.allclose(answers[0].values, answers[1].values)
    assert (answers[0].layer_number is not None) == METHODS[method].needs_layer


@pytest.mark.parametrize("method", METHODS)
def test_a_network_whose_last_layer_is_zero_looks_nowhere(method: str) -> None:
    model = network()
    model[-1].weight.data.zero_()
    answer = attribute(method, model, ARCHITECTURE, PREPROCESSING, digit(), 3)
    assert answer.largest == 0


def test_integrated_gradients_add_up_on_a_trained_network(trained: Run) -> None:
    model, config = load_model(trained), trained.config
    images = datasets.load(config.dataset).test_images
    for index in range(4):
        probabilities = model(trained.preprocessing(images[index : index + 1]))[0]
        for target in (int(probabilities.argmax()), 7):
            network = (model, config.architecture, trained.preprocessing)
            answer = attribute("integrated-gradients", *network, images[index], target)
            difference = answer.score - answer.blank_score
            assert float(answer.values.sum()) == pytest.approx(difference, rel=0.01)


def test_a_blank_image_is_flat_under_occlusion_and_integrated_gradients() -> None:
    """The cover and the start are blank paper in the network's own numbers, not zeros in them."""
    empty = np.zeros((28, 28), np.uint8)
    assert float(blank(PREPROCESSING).max()) == pytest.approx(-0.1307 / 0.3081)
    for method in ("occlusion", "integrated-gradients"):
        answer = attribute(method, network(), ARCHITECTURE, PREPROCESSING, empty, 4)
        assert answer.largest <= 1e-6
    assert answer.score == answer.blank_score


def test_occlusion_finds_the_one_pixel_that_counts() -> None:
    architecture = Architecture(layers=(Flatten(),))
    model = network(architecture)
    model[-1].weight.data.zero_()
    model[-1].weight.data[5, 10 * 28 + 20] = 1.0
    image = np.full((28, 28), 255, np.uint8)
    answer = attribute("occlusion", model, architecture, PREPROCESSING, image, 5, stride=1)
    rows, columns = np.nonzero(answer.values > 1e-6)
    assert {rows.min(), rows.max()} == {6, 14}  # the squares of 5 that cover row 10
    assert {columns.min(), columns.max()} == {16, 24}
    assert np.unravel_index(answer.values.argmax(), (28, 28)) == (10, 20)


def test_saliency_is_the_gradient() -> None:
    model, image = network(), digit()
    x = PREPROCESSING(torch.from_numpy(image)[None]).requires_grad_()
    (expected,) = torch.autograd.grad(model(x)[0, 6], x)
    answer = attribute("saliency", model, ARCHITECTURE, PREPROCESSING, image, 6)
    np.testing.assert_allclose(answer.values, expected[0, 0].numpy(), atol=1e-6)


def test_grad_cam_is_the_papers_formula_on_any_layer_with_maps() -> None:
    model, image = network(), digit()
    x = PREPROCESSING(torch.from_numpy(image)[None])
    for number in (1, 2, 3, 4):
        maps = model[:number](x).detach().requires_grad_()
        (gradient,) = torch.autograd.grad(model[number:](maps)[0, 1], maps)
        small = (gradient.mean((2, 3), keepdim=True) * maps).sum(1, keepdim=True)
        expected = torch.nn.functional.interpolate(small, (28, 28), mode="bilinear")
        answer = attribute("grad-cam", model, ARCHITECTURE, PREPROCESSING, image, 1, number)
        np.testing.assert_allclose(answer.values, expected[0, 0].detach().numpy(), atol=1e-5)
    assert all(not module._forward_hooks for module in model.modules())


def test_grad_cam_looks_by_itself_at_the_last_convolution_after_its_activation() -> None:
    assert grad_cam_layer(PRESETS["compact"].architecture) == 11  # the third ReLU
    assert grad_cam_layer(PRESETS["mini-resnet"].architecture) == 6  # the last block, ReLU inside
    assert grad_cam_layer(PRESETS["tutorial"].architecture) is None
    answer = attribute("grad-cam", network(), ARCHITECTURE, PREPROCESSING, digit(), 1)
    assert answer.layer_number == 3


def test_what_cannot_be_asked_is_refused() -> None:
    flat = Architecture(layers=(Flatten(),))
    with pytest.raises(ValueError, match="no method"):
        attribute("guess", network(), ARCHITECTURE, PREPROCESSING, digit(), 0)
    with pytest.raises(ValueError, match="no class"):
        attribute("saliency", network(), ARCHITECTURE, PREPROCESSING, digit(), 10)
    with pytest.raises(ValueError, match="has none"):
        attribute("grad-cam", network(flat), flat, PREPROCESSING, digit(), 0)
    with pytest.raises(ValueError, match="no maps"):
        attribute("grad-cam", network(), ARCHITECTURE, PREPROCESSING, digit(), 0, 5)


@pytest.mark.parametrize("method", ["occlusion", "integrated-gradients"])
def test_long_ones_say_how_far_they_are_and_can_be_stopped(method: str) -> None:
    shares: list[float] = []
    attribute(method, network(), ARCHITECTURE, PREPROCESSING, digit(), 0, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    with pytest.raises(Stopped):
        attribute(method, network(), ARCHITECTURE, PREPROCESSING, digit(), 0, progress=stop)


def test_two_sessions_may_ask_one_network_at_once() -> None:
    architecture = Architecture(layers=(Conv2d(filters=3), Activation(), GlobalAvgPool()))
    model, answers = network(architecture), {}
    images = [np.random.default_rng(seed).random((28, 28), np.float32) for seed in range(2)]
    alone = [attribute("grad-cam", model, architecture, PREPROCESSING, i, 0) for i in images]

    def ask(which: int) -> None:
        answers[which] = [
            attribute("grad-cam", model, architecture, PREPROCESSING, images[which], 0).values
            for _ in range(20)
        ]

    threads = [threading.Thread(target=ask, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for which in range(2):
        for values in answers[which]:
            np.testing.assert_allclose(values, alone[which].values, atol=1e-6)
