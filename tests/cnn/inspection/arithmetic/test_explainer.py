"""The shown arithmetic against what the network itself computes, and receptive fields against
gradients."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn.inspection.arithmetic import (
    FUNCTIONS,
    Addition,
    BatchNorm,
    Copy,
    Explainer,
    Explanation,
    Function,
    MapMean,
    Softmax,
    WeightedSum,
    WindowSum,
)
from cnn.network import Architecture
from cnn.network.layers import (
    ACTIVATIONS,
    Activation,
    AvgPool2d,
    BatchNorm2d,
    Classifier,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    Linear,
    MaxPool2d,
    ResidualBlock,
    SumPool2d,
)
from cnn.network.receptive_field import receptive_field
from cnn.presets import PRESETS
from tests.cnn.inspection.arithmetic.windows import patch
from tests.networks import architectures, build

TOLERANCE = 1e-5


def size_of(found: Explanation) -> float:
    """The size of the numbers that were added: what a float32 sum's error is measured by."""
    if isinstance(found, WindowSum):
        return float(np.abs(terms(found)).sum()) + abs(found.bias)
    if isinstance(found, WeightedSum):
        return float(np.abs(found.products).sum())
    if isinstance(found, MapMean):
        return float(np.abs(found.map).sum())
    if isinstance(found, BatchNorm):
        return abs(found.normalised * found.scale) + abs(found.shift)
    return abs(found.value)


def terms(found: WindowSum) -> np.ndarray:
    """What is added or compared at its place, float64: a convolution's products, else pixels."""
    values = patch(found, found.place.row, found.place.column).astype(np.float64)
    return values if found.kernels is None else values * found.kernels


def from_patch(found: WindowSum) -> float:
    """The value from what the window sees, as the page's component computes it."""
    if found.kind == "conv":
        return float(terms(found).sum() + found.bias)
    values = terms(found)
    if found.kind == "max":
        outside = patch(replace(found, inputs=np.ones_like(found.inputs)), *place_of(found)) == 0
        return float(values[~outside].max())
    return float({"avg": np.mean, "sum": np.sum}[found.kind](values))


def place_of(found: WindowSum) -> tuple[int, int]:
    return found.place.row, found.place.column


def check(explainer: Explainer, model, x, places: np.random.Generator, count: int) -> set[type]:
    """Explain `count` random values of every operation of every layer; the kinds that were met."""
    kinds = set()
    with torch.no_grad():
        for number, module in enumerate(model, start=1):
            x = module(x)
            expected = {"output": x[0].numpy()}
            for operation in explainer.operations(number):
                name = operation.name
                values = explainer.values(number, name)
                if name in expected:
                    np.testing.assert_array_equal(values, expected[name])
                for _ in range(count):
                    place = [int(places.integers(side)) for side in values.shape]
                    found = explainer.explain(number, *place, operation=name)
                    assert found.value == pytest.approx(float(values[tuple(place)]), abs=0)
                    allowed = TOLERANCE * max(1.0, size_of(found))
                    assert abs(found.total - found.value) <= allowed, operation
                    if isinstance(found, WindowSum):
                        assert abs(from_patch(found) - found.value) <= allowed, operation
                    kinds.add(type(found))
    return kinds


@settings(max_examples=60, deadline=None)
@given(architectures(), st.integers(0, 999))
def test_numbers_add_up_in_any_network(architecture: Architecture, seed: int) -> None:
    model = build(architecture, seed)
    x = torch.randn(1, 1, 28, 28)
    check(Explainer(model, architecture, x), model, x, np.random.default_rng(seed), count=4)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_numbers_add_up_for_every_kernel_and_stride(padding: Any, dilation: int) -> None:
    first = Conv2d(filters=4)
    places = np.random.default_rng(0)
    x = torch.randn(1, 1, 28, 28)
    tried = 0
    for kernel, stride, groups in itertools.product(range(1, 6), range(1, 4), (1, 2)):
        conv = Conv2d(
            filters=4,
            kernel_size=kernel,
            stride=stride,
            groups=groups,
            dilation=dilation,
            padding=padding,
            bias=groups == 2,
        )
        architecture = Architecture(layers=(first, conv, GlobalAvgPool()))
        if architecture.problem() is None:
            model = build(architecture)
            check(Explainer(model, architecture, x), model, x, places, count=5)
            tried += 1
    assert tried >= 20


@pytest.mark.parametrize("preset", PRESETS)
def test_numbers_add_up_in_every_preset(preset: str) -> None:
    architecture = PRESETS[preset].architecture
    model = build(architecture)
    x = torch.randn(1, 1, 28, 28)
    check(Explainer(model, architecture, x), model, x, np.random.default_rng(0), count=6)


def test_every_kind_of_arithmetic_is_met() -> None:
    architecture = Architecture(
        layers=(
            Conv2d(filters=4, dilation=2),
            BatchNorm2d(),
            Activation(),
            MaxPool2d(),
            Conv2d(filters=4, groups=2, stride=2, enabled=False),
            AvgPool2d(),
            SumPool2d(),
            ResidualBlock(filters=4),
            ResidualBlock(filters=6),
            Activation(function="softmax"),
            Dropout(),
            Flatten(),
            Linear(units=6),
            Activation(function="gelu"),
        ),
        head=Classifier(output="sigmoid"),
    )
    model = build(architecture)
    x = torch.randn(1, 1, 28, 28)
    explainer = Explainer(model, architecture, x)
    kinds = check(explainer, model, x, np.random.default_rng(0), count=3)
    assert kinds == {
        Addition,
        BatchNorm,
        Copy,
        Function,
        WindowSum,
        Softmax,
        WeightedSum,
    }
    architecture = Architecture(layers=(GlobalAvgPool(),))
    model = build(architecture)
    assert check(Explainer(model, architecture, x), model, x, np.random.default_rng(0), 3) == {
        MapMean,
        WeightedSum,
        Softmax,
    }


@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_the_heads_probabilities_are_the_networks(output: str) -> None:
    architecture = Architecture(
        layers=(Conv2d(filters=2), GlobalAvgPool()), head=Classifier(output=output)
    )
    model = build(architecture)
    x = torch.randn(1, 1, 28, 28)
    expected = model(x)[0].softmax(0).tolist()
    explainer = Explainer(model, architecture, x)
    shown = [explainer.explain(3, c, operation="probability").total for c in range(10)]
    assert shown == pytest.approx(expected, abs=1e-6)
    assert sum(shown) == pytest.approx(1.0)


def test_every_activation_function_is_torchs_own() -> None:
    assert set(FUNCTIONS) == {*ACTIVATIONS, "log_sigmoid"} - {"softmax"}
    x = torch.tensor([-100.0, -3.0, -0.5, 0.0, 0.5, 3.0, 100.0], dtype=torch.float64)
    for name in set(ACTIVATIONS) - {"softmax"}:
        expected = Activation(function=name).module((1,))(x).tolist()
        shown = [FUNCTIONS[name](value) for value in x.tolist()]
        assert shown == pytest.approx(expected, abs=1e-9), name


def test_groups_read_their_own_channels_only() -> None:
    architecture = Architecture(
        layers=(Conv2d(filters=6), Conv2d(filters=4, groups=2), Flatten()),
    )
    explainer = Explainer(build(architecture), architecture, torch.randn(1, 1, 28, 28))
    found = explainer.explain(2, 3, 9, 9)
    assert isinstance(found, WindowSum)
    assert found.channels == [3, 4, 5]


def test_a_linear_units_top_and_rest_are_the_whole() -> None:
    architecture = Architecture(layers=(Flatten(),))
    explainer = Explainer(build(architecture), architecture, torch.randn(1, 1, 28, 28))
    why = explainer.explain(2, 7)
    assert isinstance(why, WeightedSum)
    top, rest = why.top(5)
    assert len(top) == 5
    assert why.products[top].sum() + rest + why.bias == pytest.approx(why.total)
    others = np.delete(np.abs(why.products), top)
    assert np.abs(why.products[top]).min() >= others.max()


def test_places_that_do_not_exist_are_refused() -> None:
    architecture = Architecture(layers=(Conv2d(filters=2), Flatten()))
    explainer = Explainer(build(architecture), architecture, torch.zeros(1, 1, 28, 28))
    for number, channel, row in ((0, 0, 0), (4, 0, 0), (1, 2, 0), (1, 0, 28), (1, -1, 0)):
        with pytest.raises(ValueError, match=r"no (layer|value)"):
            explainer.explain(number, channel, row)
    with pytest.raises(ValueError, match="no operation"):
        explainer.explain(1, operation="conv1")
    with pytest.raises(ValueError, match="no working layer"):
        receptive_field(architecture, 9)


@settings(max_examples=50, deadline=None)
@given(architectures(), st.integers(0, 999), st.data())
def test_nothing_outside_the_receptive_field_counts(
    architecture: Architecture, seed: int, data: st.DataObject
) -> None:
    rows = architecture.table()
    number = data.draw(st.integers(1, len(rows)))
    shape = rows[number - 1].output_shape
    assert shape is not None
    place = [data.draw(st.integers(0, side - 1)) for side in shape]
    x = torch.randn(1, 1, 28, 28).requires_grad_()
    value = build(architecture, seed)[:number](x)[(0, *place)]
    seen = torch.autograd.grad(value, x)[0][0, 0].numpy() != 0
    box, unclipped = receptive_field(architecture, number, *place[1:])
    outside = np.ones((28, 28), bool)
    outside[box.top : box.bottom, box.left : box.right] = False
    assert not (seen & outside).any()
    assert 0 <= box.top <= box.bottom <= 28
    assert 0 <= box.left <= box.right <= 28
    assert unclipped.top <= box.top
    assert unclipped.right >= box.right


@pytest.mark.parametrize(
    "layers",
    [
        (Conv2d(filters=2, kernel_size=5, stride=2),),
        (Conv2d(filters=2, kernel_size=4), Conv2d(filters=2, kernel_size=3, dilation=3)),
        (Conv2d(filters=2, padding="valid", stride=2), AvgPool2d(kernel_size=3, stride=2)),
        (ResidualBlock(filters=2, stride=2), SumPool2d(), Conv2d(filters=2, dilation=2)),
    ],
)
def test_the_receptive_field_is_no_larger_than_it_must_be(layers: tuple) -> None:
    """With positive weights nothing cancels out: the outermost pixels count, too."""
    architecture = Architecture(layers=(*layers, Flatten()))
    model = architecture.build().eval()
    for parameter in model.parameters():
        parameter.data.abs_()
    number, shape = len(layers), architecture.table()[len(layers) - 1].output_shape
    assert shape is not None
    for row, column in ((0, 0), (shape[1] // 2, shape[2] // 2), (shape[1] - 1, 0)):
        x = torch.rand(1, 1, 28, 28).requires_grad_()
        value = model[:number](x)[0, 0, row, column]
        seen = torch.autograd.grad(value, x)[0][0, 0].numpy() != 0
        down, across = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
        box = receptive_field(architecture, number, row, column).box
        assert (down[0], across[0], down[-1] + 1, across[-1] + 1) == box


def test_the_field_of_a_pixel_in_the_middle_is_the_tables() -> None:
    architecture = PRESETS["compact"].architecture
    for row in architecture.table():
        if row.output_shape and len(row.output_shape) == 3:
            unclipped = receptive_field(architecture, row.number, 3, 3).unclipped
            assert min(unclipped.height, 28) == row.receptive_field
            assert math.isclose(unclipped.height, unclipped.width)
