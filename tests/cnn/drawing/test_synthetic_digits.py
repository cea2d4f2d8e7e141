"""Digits in the forms of other schools: drawn anew, kept, and added only where they belong."""

import numpy as np
import pytest
import torch

from cnn import datasets
from cnn.drawing import synthetic_digits
from cnn.training import Settings

FULL = Settings(handwriting=1.0)
SOME = (torch.zeros(4, 28, 28, dtype=torch.uint8), torch.arange(4))


@pytest.fixture
def few(monkeypatch, tmp_path):
    monkeypatch.setattr(synthetic_digits, "PER_DIGIT", 3)
    monkeypatch.setattr(synthetic_digits.generate, "__defaults__", (3, 0))
    monkeypatch.setenv("CNN_DATA_DIR", str(tmp_path))


def test_every_digit_has_its_forms_on_the_sheet():
    assert set(synthetic_digits.TEMPLATES) == set(range(10))
    for templates in synthetic_digits.TEMPLATES.values():
        points = [point for template in templates for stroke in template for point in stroke]
        assert all(0 <= x <= 100 and 0 <= y <= 100 for x, y in points)
        assert all(len(stroke) > 1 for template in templates for stroke in template)


def test_they_are_drawn_as_mnist_was():
    images, labels = synthetic_digits.generate(per_digit=5)
    assert images.shape == (50, 28, 28) and images.dtype == np.uint8
    assert np.bincount(labels).tolist() == [5] * 10
    for image in images:
        rows, columns = np.nonzero(image > 60)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 in range(18, 23)  # a box of 20 px
        middle = (image.sum(axis=1) * np.arange(28)).sum() / image.sum()
        assert abs(middle - 13.5) < 4


def test_a_seed_gives_the_same_digits_and_no_two_alike():
    again, first = synthetic_digits.generate(4, seed=3)[0], synthetic_digits.generate(4, seed=3)[0]
    assert np.array_equal(first, again)
    assert len(np.unique(first.reshape(len(first), -1), axis=0)) == len(first)


def test_only_handwriting_on_digits_gets_them(few):
    assert synthetic_digits.additional_images("mnist", Settings(), *SOME) is None
    assert synthetic_digits.additional_images("fashion-mnist", FULL, *SOME) is None
    images, labels = synthetic_digits.additional_images("mnist-sample", FULL, *SOME)
    # The forms, the data set's own with a thick pen, and half of the forms with a thick pen.
    assert images.dtype == torch.uint8 and len(images) == len(labels) == 30 + len(SOME[0]) + 15
    assert torch.equal(labels[30:34], SOME[1])


def test_they_are_kept_and_a_foreign_file_is_replaced(few, monkeypatch):
    images, _ = synthetic_digits.additional_images("mnist", FULL, *SOME)
    cache = datasets.data_dir() / synthetic_digits.CACHE
    assert cache.is_file()
    monkeypatch.setattr(synthetic_digits, "generate", lambda: pytest.fail("drawn again"))
    assert torch.equal(synthetic_digits.additional_images("mnist", FULL, *SOME)[0], images)
    monkeypatch.undo()


def test_a_damaged_file_is_drawn_again(few):
    images, _ = synthetic_digits.additional_images("mnist", FULL, *SOME)
    (datasets.data_dir() / synthetic_digits.CACHE).write_bytes(b"no tensors")
    assert torch.equal(synthetic_digits.additional_images("mnist", FULL, *SOME)[0], images)
