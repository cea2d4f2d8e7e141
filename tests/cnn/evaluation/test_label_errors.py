"""Labels that are likely wrong are found; the ranking is confident learning's own formula."""

from __future__ import annotations

import numpy as np

from cnn.datasets import DATASETS
from cnn.evaluation import label_errors
from tests.cnn.evaluation.test_numbers import predictions


def test_the_order_is_that_of_the_normalised_margin():
    probabilities, labels = predictions(3, images=300)
    found = label_errors.rank(probabilities, labels)
    own = probabilities[np.arange(len(labels)), labels]
    others = np.where(np.eye(5)[labels] > 0, -1, probabilities).max(1)
    np.testing.assert_allclose(found.quality, (own - others + 1) / 2, atol=1e-6)
    assert (np.diff(found.quality[found.order]) >= 0).all()


def test_labels_that_were_swapped_come_first():
    random = np.random.default_rng(0)
    truth = random.integers(0, 4, 400)
    probabilities = np.full((400, 4), 0.02, np.float32)
    probabilities[np.arange(400), truth] = 0.94
    swapped = random.choice(400, 12, replace=False)
    labels = truth.copy()
    labels[swapped] = (truth[swapped] + 1) % 4
    found = label_errors.rank(probabilities, labels)
    assert set(found.order[:12].tolist()) == set(swapped.tolist())
    assert found.estimated == 12


def test_probabilities_kept_in_16_bits_do_and_so_does_a_class_without_images():
    probabilities, labels = predictions(4)
    half = probabilities.astype(np.float16).astype(np.float32)
    assert label_errors.rank(half, labels).order.tolist()[:3]
    some = labels != 2
    found = label_errors.rank(probabilities[some], labels[some])
    assert len(found.order) == some.sum() and found.estimated == 0


def test_how_many_validated_errors_are_in_the_first():
    count = DATASETS["mnist"].test_images
    known = label_errors.VALIDATED["mnist"]
    assert len(set(known)) == 15 and max(known) < count
    order = np.array([*known[:9], *(i for i in range(count) if i not in known[:9])])
    found = label_errors.LabelErrors(order, np.zeros(count), 0)
    assert found.found("mnist", 9) == (9, 15)
    assert found.found("mnist", 4) == (4, 15)
    assert found.found("kmnist", 50) is None
