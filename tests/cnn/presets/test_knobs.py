"""The knobs: every setting works, Compact CNN is one, and a network finds its knobs again."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn.presets import PRESETS
from cnn.presets.knobs import Bend, Knobs, knobs_of, nearest_knobs
from tests.networks import architectures


def test_as_they_stand_at_first_the_knobs_give_compact_cnn():
    assert Knobs().architecture() == PRESETS["compact"].architecture


@given(
    st.builds(
        Knobs,
        blocks=st.sampled_from([1, 2, 3]),
        filters=st.sampled_from([4, 8, 16, 24, 32]),
        kernel_size=st.sampled_from([3, 5]),
        pooling=st.sampled_from(["max", "avg", "sum"]),
        activation=st.sampled_from(get_args(Bend)),
        dropout=st.sampled_from([0.0, 0.1, 0.5, 0.8]),
    )
)
def test_every_setting_is_a_network_that_works_and_finds_its_knobs_again(knobs):
    network = knobs.architecture()
    assert network.problem() is None
    assert knobs_of(network) == knobs


@given(architectures())
def test_any_network_has_knobs_near_it(network):
    assert nearest_knobs(network).architecture().problem() is None


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "compact"])
def test_a_network_of_another_kind_has_no_knobs_of_its_own(name):
    found = knobs_of(PRESETS[name].architecture)
    assert found is None or found.architecture() == PRESETS[name].architecture
