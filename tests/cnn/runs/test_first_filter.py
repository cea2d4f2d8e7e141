"""A filter made by hand: read, refused, and what a training starts from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn import runs
from cnn.network import Architecture
from cnn.network.layers import Activation, Conv2d, Flatten
from cnn.presets import PRESETS
from cnn.report.command import repeat_command
from cnn.runs import first_filter
from cnn.runs.differences import differences
from cnn.runs.overview import group_of
from cnn.runs.weights import load_model
from cnn.training import Settings

EDGE = ((-1.0, -1.0, -1.0), (0.0, 0.125, 0.0), (1.0, 1.0, 1.0))
ONE_CONV = Architecture(layers=(Conv2d(filters=2, stride=4), Activation(), Flatten()))
BRIEF = Settings(epochs=1, train_images=200, validation_images=50)


@given(
    st.integers(1, 5).flatmap(
        lambda side: st.lists(
            st.lists(st.floats(-1e6, 1e6), min_size=side, max_size=side),
            min_size=side,
            max_size=side,
        )
    )
)
def test_what_is_written_is_read_again(rows):
    rows = tuple(map(tuple, rows))
    assert first_filter.read(first_filter.written(rows)) == rows


@pytest.mark.parametrize(
    "text", ["", "1_2", "nan", "1e999", "1_2_3_x", "9" * 400, "_".join("1" * 144)]
)
def test_what_is_no_filter_is_refused(text):
    with pytest.raises(ValueError):
        first_filter.read(text)


def test_a_network_without_such_a_filter_is_refused():
    dense = PRESETS["tutorial"].architecture
    for network, why in (
        (dense, "no convolution"),
        (PRESETS["lenet5"].architecture, "yours is 3×3"),
    ):
        with pytest.raises(runs.RunError, match=why):
            runs.new(network, BRIEF, "mnist-sample", "cpu", first_filter=EDGE)
    assert runs.list_runs() == []


def test_a_layer_that_is_switched_off_does_not_count():
    off = Architecture(layers=(Conv2d(kernel_size=5, enabled=False), *ONE_CONV.layers))
    assert first_filter.misfit(off, EDGE) is None


def test_the_training_starts_from_it_and_it_can_be_repeated(runs_folder):
    from cnn.runs.worker import run_worker

    mine, usual = (
        runs.new(ONE_CONV, BRIEF, "mnist-sample", "cpu", first_filter=f) for f in (EDGE, None)
    )
    for run in (mine, usual):
        assert run_worker(run, background=False) == "finished", run.status()
    start, other, end = load_model(mine, 0)[0], load_model(usual, 0)[0], load_model(mine)[0]
    np.testing.assert_array_equal(start.weight[0, 0].detach(), EDGE)
    np.testing.assert_array_equal(start.weight[1].detach(), other.weight[1].detach())
    assert not np.array_equal(end.weight[0, 0].detach(), EDGE)  # it learns on from there
    assert group_of(mine.config) != group_of(usual.config)
    [start_row] = [row for row in differences([mine, usual]) if row.key == "start"]
    assert start_row.values == (
        "random, filter 0 of the first layer −1 −1 −1 / 0 0.125 0 / 1 1 1",
        "random",
    )
    assert runs.repeat(mine, seed=3).config.first_filter == EDGE
    retried = runs.retry(mine, {}, PRESETS["lenet5"].architecture, "another network")
    assert retried.config.first_filter is None
    assert "--first-filter=-1_-1_-1_0_0.125_0_1_1_1" in repeat_command(mine.config)
