"""Layers and architectures change by a checked way only."""

from __future__ import annotations

import pytest

from cnn.network import Architecture, ArchitectureError
from cnn.network.layers import Conv2d, Dropout, Flatten, LayerError


@pytest.mark.parametrize(
    ("layer", "changes", "words"),
    [
        (Conv2d(), {"filters": 0}, "Filters: a whole number from 1 to 256 is allowed, not 0."),
        (Conv2d(), {"padding": "odd"}, "'same' or 'valid' is allowed, not 'odd'."),
        (Dropout(), {"rate": float("nan")}, "Rate: a number from 0 to 0.9 is allowed, not NaN."),
        (Flatten(), {"units": 3}, "units: there is no such field."),
    ],
)
def test_a_layer_takes_no_value_that_is_not_allowed(layer, changes, words):
    with pytest.raises(LayerError) as error:
        layer.changed(**changes)
    assert words in str(error.value)


def test_a_change_keeps_the_other_values_and_the_other_layers_themselves():
    conv = Conv2d(filters=6, bias=False)
    assert conv.changed(filters=7) == Conv2d(filters=7, bias=False)
    architecture = Architecture(layers=(conv, Flatten()))
    changed = architecture.changed(layers=(conv, Dropout(), Flatten()))
    assert changed.layers[0] is conv  # cards are known again by it
    with pytest.raises(ArchitectureError, match="layers"):
        architecture.changed(layers=(conv,) * 61)
