"""The command `compare`: the same figures as the page, as text and as JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from cnn import datasets
from cnn.cli.main import main
from cnn.presets import PRESETS
from tests.made_runs import made_run, untrained_run


@pytest.fixture
def pair():
    labels = datasets.load("mnist-sample").test_labels.numpy()
    worse = labels.copy()
    worse[:12] = (labels[:12] + 1) % 10
    other = labels.copy()
    other[10:13] = (labels[10:13] + 1) % 10
    first = made_run("First", guesses=worse, learning_rate=0.03)
    return first, made_run("Second", guesses=other)


def test_json_is_what_an_independent_computation_says(pair, capsys):
    first, second = pair
    assert main(["compare", first.id, second.id, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in found["runs"]] == ["First", "Second"]
    assert found["differences"] == {"learning_rate": ["0.03", "0.02"]}
    (test,) = found["comparisons"]
    assert (test["only_a_right"], test["only_b_right"]) == (1, 10)
    assert test["p_value"] == pytest.approx(stats.binomtest(1, 11).pvalue)
    assert test["difference"] == pytest.approx(0.009)
    assert test["interval"][0] < 0.009 < test["interval"][1]
    assert np.isfinite(test["interval"]).all()


def test_text_says_it_in_a_sentence(pair, capsys):
    first, second = pair
    assert main(["compare", first.id, second.id]) == 0
    out = capsys.readouterr().out
    assert "Second is better than First by 0.90 points (p = 0.012" in out
    assert "Learning rate  0.03  |  0.02" in out


def test_what_cannot_be_compared_is_said(pair, capsys):
    first, second = pair
    second.files.test_probabilities.unlink()
    assert main(["compare", first.id, second.id]) == 0
    assert "has not been scored" in capsys.readouterr().out
    assert main(["compare", first.id]) == 2
    assert "two runs or more" in capsys.readouterr().err
    assert main(["compare", first.id, "nowhere"]) == 2
    assert "no run 'nowhere'" in capsys.readouterr().err


def test_layers_stand_in_their_order_whatever_network_is_deeper(capsys):
    deep = PRESETS["lenet5"].architecture
    first, second = untrained_run(PRESETS["tutorial"].architecture), untrained_run(deep)
    for pair in ((first, second), (second, first)):
        assert main(["compare", *(run.id for run in pair), "--json"]) == 0
        keys = list(json.loads(capsys.readouterr().out)["differences"])
        layers = [key for key in keys if key.startswith("layer_")]
        assert layers == [f"layer_{n + 1}" for n in range(len(deep.layers) + 1)]
        assert keys[0] == "parameters" and keys[1 : 1 + len(layers)] == layers
