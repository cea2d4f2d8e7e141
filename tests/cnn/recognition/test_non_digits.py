"""What the detector learns against: on the sheet, in the box, from a seed."""

import numpy as np
import torch

from cnn.recognition.non_digits import TEMPLATES, letters, random_strokes, spliced


def test_every_letter_lies_on_the_sheet_and_none_is_written_like_a_digit():
    for templates in TEMPLATES.values():
        points = [point for template in templates for stroke in template for point in stroke]
        assert all(0 <= x <= 100 and 0 <= y <= 100 for x, y in points)
        assert all(len(stroke) > 1 for template in templates for stroke in template)
    assert not set("OoQDIlijJZzSsGbBgqT") & set(TEMPLATES)


def test_they_are_drawn_in_the_box_from_a_seed():
    images = letters(40, seed=2)
    assert images.dtype == np.uint8 and images.shape == (40, 28, 28)
    assert np.array_equal(images, letters(40, seed=2))
    for image in images:
        rows, columns = np.nonzero(image > 60)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 in range(18, 23)


def test_what_the_detector_learns_against_is_drawn_in_the_box_and_seeded():
    first = random_strokes(64, seed=1)
    assert np.array_equal(first, random_strokes(64, seed=1))
    assert first.shape == (64, 28, 28) and first.dtype == np.uint8
    ink = first.sum(axis=(1, 2)) / 255
    assert float(ink.min()) > 5
    real = torch.rand(50, 28, 28)
    labels = torch.arange(50) % 10
    wrong = spliced(real, labels, 80, digits=True)
    assert wrong.shape == (80, 28, 28)
