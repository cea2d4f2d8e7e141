"""Whether one run is better than another: against scipy, statsmodels and a plain bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cnn.evaluation.significance import (
    bootstrap_interval,
    compare,
    compare_groups,
    mcnemar,
    p_text,
)

counts = st.integers(0, 600)


@given(counts, counts)
def test_mcnemar_is_scipys_binomial_test(only_a, only_b):
    expected = stats.binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    assert mcnemar(only_a, only_b) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("only_a", "only_b"), [(3, 14), (40, 41), (0, 0), (0, 6), (900, 700)])
def test_mcnemar_is_statsmodels(only_a, only_b):
    tables = pytest.importorskip("statsmodels.stats.contingency_tables")
    expected = tables.mcnemar([[50, only_a], [only_b, 7]], exact=True).pvalue
    assert mcnemar(only_a, only_b) == pytest.approx(min(1.0, expected), rel=1e-9)


def test_mcnemar_by_hand():
    assert mcnemar(0, 5) == 2 / 32  # all five heads, or all five tails
    assert mcnemar(1, 3) == 2 * (1 + 4) / 16


def test_the_interval_is_that_of_images_drawn_one_by_one():
    random = np.random.default_rng(1)
    a, b = random.random(1000) < 0.9, random.random(1000) < 0.93
    found = compare(a, b)
    assert found.difference == pytest.approx(b.mean() - a.mean())
    difference = b.astype(int) - a.astype(int)
    plain = stats.bootstrap(
        (difference,), np.mean, n_resamples=9999, method="percentile", random_state=2
    ).confidence_interval
    assert found.low == pytest.approx(plain.low, abs=0.0015)
    assert found.high == pytest.approx(plain.high, abs=0.0015)
    assert bootstrap_interval(1000, found.only_a, found.only_b) == (found.low, found.high)


def test_the_sentence_names_the_better_or_says_that_one_cannot_tell():
    right = np.ones(1000, bool)
    worse = right.copy()
    worse[:30] = False
    assert compare(worse, right).sentence("A", "B").startswith("B is better than A by 3.00 points")
    assert compare(right, worse).sentence("A", "B").startswith("A is better than B by 3.00 points")
    nearly = right.copy()
    nearly[:3] = False
    assert compare(right, nearly).sentence("A", "B").startswith("One cannot tell which is better")
    assert "0.30 points fewer than A" in compare(right, nearly).sentence("A", "B")
    assert compare(right, right).sentence("A", "B").startswith("A and B are right and wrong on the")


def test_groups_are_compared_by_welch():
    a, b = [0.981, 0.983, 0.98], [0.99, 0.991, 0.9895]
    found = compare_groups(a, b)
    assert found.p_value == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue)
    assert found.means[0] == pytest.approx(np.mean(a))
    assert found.deviations[1] == pytest.approx(np.std(b, ddof=1))
    assert found.sentence("A", "B").startswith("B is better than A by")
    same = compare_groups([0.9, 0.9], [0.9, 0.9])
    assert same.p_value == 1 and same.sentence("A", "B").startswith("One cannot tell")


def test_p_values_as_people_write_them():
    written = [p_text(p) for p in (0.00001, 0.0031, 0.0994, 0.25)]
    assert written == ["< 0.001", "= 0.003", "= 0.099", "= 0.25"]
