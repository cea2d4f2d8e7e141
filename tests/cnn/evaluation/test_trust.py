"""Calibration and coverage: by hand, and against torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from cnn.evaluation import trust
from tests.cnn.evaluation.test_numbers import predictions


def test_reliability_by_hand():
    probabilities = np.array([[0.88, 0.12], [0.25, 0.75], [0.95, 0.05], [0.45, 0.55]], np.float32)
    labels = np.array([0, 0, 0, 1])
    found = trust.reliability(probabilities, labels, bins=10)
    assert found.counts.tolist() == [0, 0, 0, 0, 0, 1, 0, 1, 1, 1]
    assert found.confidence[9] == pytest.approx(0.95)
    assert found.accuracy[[5, 7, 8, 9]].tolist() == [1, 0, 1, 1]
    expected = (0.45 + 0.75 + 0.12 + 0.05) / 4
    assert found.expected_error == pytest.approx(expected, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 30))
def test_the_expected_error_is_that_of_a_plain_loop(seed, bins):
    probabilities, labels = predictions(seed)
    confidence, right = probabilities.max(1).astype(float), probabilities.argmax(1) == labels
    total = 0.0
    for low, high in zip(
        np.linspace(0, 1, bins + 1)[:-1], np.linspace(0, 1, bins + 1)[1:], strict=True
    ):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            total += abs(confidence[inside].mean() - right[inside].mean()) * inside.mean()
    found = trust.reliability(probabilities, labels, bins)
    assert found.expected_error == pytest.approx(total, abs=1e-9)
    assert found.counts.sum() == len(labels)


def test_the_softmax_is_scipys_at_any_temperature():
    logits = np.random.default_rng(0).normal(size=(20, 10)).astype(np.float32) * 50
    for temperature in (0.1, 1, 7):
        expected = special.softmax(logits.astype(float) / temperature, axis=1)
        np.testing.assert_allclose(trust.softmax(logits, temperature), expected, atol=1e-12)


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 3.0])
def test_the_temperature_is_the_one_that_the_labels_were_drawn_with(true_temperature):
    random = np.random.default_rng(1)
    logits = (random.normal(size=(20_000, 5)) * 3).astype(np.float32)
    chances = special.softmax(logits / true_temperature, axis=1)
    labels = (chances.cumsum(1) > random.random((len(logits), 1))).argmax(1)
    found = trust.fit_temperature(logits, labels)
    assert found == pytest.approx(true_temperature, rel=0.05)
    loss = [
        F.cross_entropy(torch.from_numpy(logits) / t, torch.from_numpy(labels)).item()
        for t in (found, 0.97 * found, 1.03 * found)
    ]
    assert min(loss) == loss[0]
    scaled = trust.reliability(trust.softmax(logits, found), labels)
    assert scaled.expected_error < 0.02


def test_coverage_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.3, 0.7], [0.4, 0.6], [0.3, 0.7]], np.float32)
    found = trust.coverage(probabilities, np.array([0, 0, 1, 1]))
    assert found.coverage.tolist() == [0.25, 0.75, 1.0]
    np.testing.assert_allclose(found.accuracy, [1, 2 / 3, 3 / 4])
    assert found.at(0.65) == (0.75, pytest.approx(2 / 3))
    assert found.at(0.95) == (0.0, None)
    assert found.at(0.0) == (1.0, 0.75)
