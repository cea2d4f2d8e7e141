"""Intervals, top-2, loss, least certain: against scipy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn import metrics as theirs

from cnn import evaluation


def predictions(seed: int, images: int = 200, classes: int = 5):
    """Random probabilities float32 and labels, the labels more often right than not."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(images, classes)) * 2
    labels = np.where(random.random(images) < 0.7, logits.argmax(1), random.integers(0, 5, images))
    powers = np.exp(logits)
    return (powers / powers.sum(1, keepdims=True)).astype(np.float32), labels.astype(np.int64)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_scipys(numbers):
    hits, total = numbers
    expected = binomtest(hits, total).proportion_ci(0.95, method="wilson")
    found = evaluation.wilson_interval(hits, total)
    np.testing.assert_allclose(found, (expected.low, expected.high), atol=1e-12)
    assert 0 <= found[0] <= hits / total <= found[1] <= 1


@pytest.mark.parametrize(("hits", "total"), [(0, 0), (3, 2), (-1, 5)])
def test_no_share_no_interval(hits, total):
    with pytest.raises(ValueError, match="no share"):
        evaluation.wilson_interval(hits, total)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top_k_is_scikit_learns(k):
    probabilities, labels = predictions(k)
    expected = theirs.top_k_accuracy_score(labels, probabilities, k=k, labels=range(5))
    assert evaluation.top_k_accuracy(probabilities, labels, k) == pytest.approx(expected)


def test_of_equal_classes_the_first_counts():
    even = np.full((3, 4), 0.25, np.float32)
    assert evaluation.top_k_accuracy(even, np.array([0, 1, 2]), 2) == pytest.approx(2 / 3)


def test_the_loss_is_scikit_learns_also_where_a_probability_is_zero():
    probabilities, labels = predictions(0)
    probabilities[3], labels[3] = [1, 0, 0, 0, 0], 2
    expected = theirs.log_loss(labels, probabilities, labels=range(5))
    assert evaluation.cross_entropy(probabilities, labels) == pytest.approx(expected, rel=1e-5)


def test_the_least_certain_right_answer_comes_first():
    probabilities, labels = predictions(1)
    found = evaluation.least_certain(probabilities, labels)
    confidence = probabilities.max(1)[found]
    assert (probabilities.argmax(1)[found] == labels[found]).all()
    assert (np.diff(confidence) >= 0).all()
    assert len(found) + len(evaluation.mistakes(probabilities, labels)) == len(labels)
