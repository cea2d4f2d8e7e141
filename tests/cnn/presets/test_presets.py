"""The presets: all work, all say where they come from, and twins differ in one thing only."""

import pytest
import torch

from cnn.network.layers import AvgPool2d, Dropout, MaxPool2d, SumPool2d
from cnn.presets import DEFAULT_PRESET, PRESETS


@pytest.mark.parametrize("preset", PRESETS.values(), ids=list(PRESETS))
def test_a_preset_builds_and_answers(preset):
    assert preset.architecture.problem() is None
    logits = preset.architecture.build()(torch.randn(2, 1, 28, 28))
    assert logits.shape == (2, 10) and logits.isfinite().all()


@pytest.mark.parametrize("preset", PRESETS.values(), ids=list(PRESETS))
def test_a_preset_says_what_it_is_and_where_it_comes_from(preset):
    assert preset.about.endswith((".", ")")) and len(preset.about) < 260
    assert len(preset.history) > 150 and preset.history.endswith(".")
    assert any(c.isdigit() for c in preset.source)


def test_names_and_labels_are_unique_and_the_default_exists():
    assert DEFAULT_PRESET in PRESETS
    labels = [preset.label for preset in PRESETS.values()]
    assert len(set(labels)) == len(labels)


FAMILIES = (
    ("tutorial", "lenet5", "neocognitron", "mini-vgg", "mini-resnet", "mobile", "nin"),
    ("compact", "classic"),
    ("twin-max", "twin-average", "twin-sum", "twin-dropout", "twin-no-dropout"),
)


def test_the_tutorials_systems_are_all_there():
    assert {name for family in FAMILIES for name in family} <= set(PRESETS)


@pytest.mark.parametrize(("one", "other"), [("twin-max", "twin-average"), ("twin-max", "twin-sum")])
def test_pooling_twins_differ_in_their_pooling_alone(one, other):
    one, other = PRESETS[one], PRESETS[other]
    assert one.settings == other.settings
    poolings = (MaxPool2d, AvgPool2d, SumPool2d)
    kinds = set()
    for a, b in zip(one.architecture.all_layers, other.architecture.all_layers, strict=True):
        if isinstance(a, poolings):
            kinds |= {type(a), type(b)}
            assert (a.kernel_size, a.stride) == (b.kernel_size, b.stride)
        else:
            assert a == b
    assert len(kinds) == 2


def test_dropout_twins_differ_in_one_switch():
    one, other = PRESETS["twin-dropout"], PRESETS["twin-no-dropout"]
    assert one.settings == other.settings
    pairs = zip(one.architecture.all_layers, other.architecture.all_layers, strict=True)
    different = [(a, b) for a, b in pairs if a != b]
    assert len(different) == 1
    a, b = different[0]
    assert isinstance(a, Dropout) and a.enabled and not b.enabled
    assert a == b.model_copy(update={"enabled": True})


def test_lenet_has_the_size_that_was_published():
    """C1, F5, F6 as in the paper; C3 has all 6 × 16 kernels instead of 60, outputs are linear."""
    rows = PRESETS["lenet5"].architecture.table()
    assert rows[0].parameters == 156 and rows[0].output_shape == (6, 28, 28)
    assert rows[3].output_shape == (16, 10, 10)
    assert rows[7].parameters == 48_120 and rows[9].parameters == 10_164
