"""One batch through an untrained network, held against torch itself."""

from __future__ import annotations

import math

import pytest
import torch

from cnn.figures.initialisation import signal_and_gradient
from cnn.inspection.initialisation_check import (
    InitialisationCheck,
    check_initialisation,
    findings,
    sample_batch,
)
from cnn.network import Architecture, ArchitectureError
from cnn.network.layers import Activation, BatchNorm2d, Conv2d, Dropout, Flatten, Linear, MaxPool2d


def batch(count: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(count, 1, 28, 28, generator=generator)
    return x, torch.arange(count) % 10


def words(check: InitialisationCheck) -> str:
    return " ".join(text for ok, text in findings(check) if not ok)


def test_the_figures_are_those_of_torch():
    architecture = Architecture(
        layers=(Conv2d(filters=4), Activation(), MaxPool2d(), Dropout(enabled=False), Flatten())
    )
    x, labels = batch()
    start = check_initialisation(architecture, x, labels, seed=5)
    assert [item.shape for item in start.layers] == [
        row.output_shape for row in architecture.table() if not row.skipped
    ]
    assert [item.number for item in start.layers] == [1, 2, 3, 5, 6]
    torch.manual_seed(5)
    model = architecture.build().train()
    y = model(x)
    torch.nn.functional.cross_entropy(y, labels).backward()
    assert start.layers[-1].std == pytest.approx(float(y.std()), rel=1e-5)
    weights = torch.cat([p.grad.flatten() for p in model[0].parameters()])
    assert start.layers[0].gradient == pytest.approx(float(weights.norm()), rel=1e-5)
    assert start.layers[-1].signal == pytest.approx(float(y.std(dim=0).square().mean().sqrt()))
    assert start.layers[1].gradient is None
    assert start.layers[0].dead is None


def test_it_leaves_torchs_random_state_alone():
    torch.manual_seed(1)
    wanted = torch.rand(3)
    torch.manual_seed(1)
    check_initialisation(Architecture(layers=(Flatten(),)), *batch())
    assert torch.equal(torch.rand(3), wanted)


def test_a_sound_network_has_a_healthy_start():
    layers = (Conv2d(), BatchNorm2d(), Activation(), MaxPool2d(), Flatten())
    start = check_initialisation(Architecture(layers=layers), *batch(64))
    assert words(start) == ""
    assert start.loss < 2 * math.log(10)


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ((Flatten(), Linear(init="zeros"), Activation()), "No gradient reaches"),
        ((*(Conv2d(filters=32, init="wide"), Activation()) * 3, Flatten()), "The signal explodes"),
        ((Flatten(), *(Linear(units=32), Activation(function="sigmoid")) * 6), "Gradients vanish"),
        ((Conv2d(init="zeros"), Activation(), Flatten()), "is zero for every image"),
        ((Flatten(), *(Linear(units=32), Activation()) * 8), "fades"),
    ],
)
def test_a_bad_start_is_named(layers, said):
    assert said in words(check_initialisation(Architecture(layers=layers), *batch(64)))


def test_a_network_that_cannot_work_is_refused():
    with pytest.raises(ArchitectureError):
        check_initialisation(Architecture(layers=(Linear(),)), *batch())


def test_the_sample_is_prepared_as_a_run_would_prepare_it():
    x, labels = sample_batch("mnist-sample", "0-1", 32)
    assert x.shape == (32, 1, 28, 28)
    assert float(x.min()) == 0 and float(x.max()) == 1
    assert labels.dtype == torch.int64


def test_the_figure_shows_every_layer_once():
    start = check_initialisation(Architecture(layers=(Conv2d(), Activation(), Flatten())), *batch())
    figure = signal_and_gradient(start.layers, start.input_signal)
    assert len(figure.data) == 2
    assert [len(trace.x) for trace in figure.data] == [4, 4]
    assert sum(value is not None for value in figure.data[1].x) == 2
