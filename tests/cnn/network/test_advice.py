"""Advice: each remark is made at the layer it is about, and nowhere else."""

from __future__ import annotations

import pytest

from cnn.network import Architecture, advise
from cnn.network.layers import (
    Activation,
    BatchNorm2d,
    Classifier,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    Linear,
    MaxPool2d,
)
from cnn.presets import PRESETS

CONV = (Conv2d(bias=False), BatchNorm2d(), Activation())


def network(*layers, output="softmax"):
    return Architecture(layers=layers, head=Classifier(output=output))


@pytest.mark.parametrize(
    ("architecture", "number", "words"),
    [
        (network(MaxPool2d(), *CONV, Flatten()), 1, "throws away 75% of the pixels"),
        (network(Conv2d(), Activation(), Flatten(), Linear(), Activation()), 4,
         "of the parameters sit in this layer"),
        (network(*CONV, Flatten(), Activation(function="softmax")), 5, "the loss already has one"),
        (network(*CONV, Activation(function="softmax"), Conv2d(), Flatten()), 4, "compete"),
        (network(Flatten(), output="sigmoid"), 2, "as in the tutorial: allowed"),
        (network(Conv2d(), Conv2d(), Activation(), Flatten()), 2, "no non-linearity"),
        (network(*CONV, Flatten(), Linear()), 6, "no non-linearity between layers 5 and 6"),
        (network(Conv2d(), Activation(), Activation(), Flatten()), 3, "ReLU after ReLU"),
        (network(Conv2d(), Activation(), BatchNorm2d(), Flatten()), 3, "after the activation"),
        (network(Conv2d(), BatchNorm2d(), Activation(), Flatten()), 1, "Its bias is wasted"),
        (network(*CONV, Dropout(), BatchNorm2d(), Flatten()), 5, "right above batch norm"),
        (network(*CONV, Flatten(), Dropout(rate=0.8)), 5, "may not learn enough"),
        (network(*CONV, Dropout(), *CONV, Flatten()), 4, "Dropout between convolutions"),
        (network(Conv2d(kernel_size=2, stride=3, padding="valid"), Activation(), Flatten()), 1,
         "of every 3 rows and columns, 1 are never seen"),
        (network(*CONV, GlobalAvgPool()), 4, "no filter ever sees a whole one"),
        (network(*CONV, Flatten()), 4, "less than a digit"),
        (network(*CONV, Flatten(), Linear(units=2), Activation()), 5, "Only 2 numbers pass"),
        (network(Flatten()), None, "ends near 92.5%"),
        (network(Conv2d(init="zeros"), Activation(), Flatten()), 1, "begin at zero"),
        (network(Conv2d(init="wide"), Activation(), Flatten()), 1, "far too wide"),
        (network(*(Conv2d(), Activation(function="sigmoid")) * 3, Flatten()), 2, "3 sigmoids"),
        (network(*(Conv2d(), Activation()) * 8, Flatten()), None, "8 convolutions without"),
        (network(Conv2d(kernel_size=4), Activation(), Flatten()), 1, "no middle pixel"),
    ],
)  # fmt: skip
def test_a_remark_is_made_at_its_layer(architecture, number, words):
    assert any(words in item.text and item.number == number for item in advise(architecture))


def test_the_default_network_earns_no_remark():
    assert advise(PRESETS["compact"].architecture) == []


def test_one_remark_names_all_layers_with_a_wasted_bias():
    found = advise(network(*(Conv2d(), BatchNorm2d(), Activation()) * 3, MaxPool2d(), Flatten()))
    bias = [item for item in found if "wasted" in item.text]
    assert len(bias) == 1
    assert "like that of layers 4 and 7" in bias[0].text
    assert "48 parameters" in bias[0].text


def test_warnings_come_first_and_there_are_none_on_layers_that_are_off():
    layers = (MaxPool2d(enabled=False), Conv2d(init="zeros"), Activation(), Flatten())
    found = advise(network(*layers))
    assert found[0].severity == "warning"
    assert all("throws away" not in item.text for item in found)


def test_a_network_that_cannot_work_is_advised_as_far_as_it_goes():
    found = advise(network(MaxPool2d(), Linear(), Flatten()))
    assert [item.number for item in found if item.number] == [1]


@pytest.mark.parametrize("name", list(PRESETS))
def test_no_preset_earns_a_warning(name):
    assert all(item.severity != "warning" for item in advise(PRESETS[name].architecture))
