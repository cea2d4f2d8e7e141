"""Letters of our own, for telling what is no digit."""

import numpy as np

from cnn.drawing.synthetic_letters import TEMPLATES, generate


def test_every_letter_lies_on_the_sheet_and_none_is_written_like_a_digit():
    for templates in TEMPLATES.values():
        points = [point for template in templates for stroke in template for point in stroke]
        assert all(0 <= x <= 100 and 0 <= y <= 100 for x, y in points)
        assert all(len(stroke) > 1 for template in templates for stroke in template)
    assert not set("OoQDIlijJZzSsGbBgqT") & set(TEMPLATES)


def test_they_are_drawn_in_the_box_from_a_seed():
    images = generate(40, seed=2)
    assert images.dtype == np.uint8 and images.shape == (40, 28, 28)
    assert np.array_equal(images, generate(40, seed=2))
    for image in images:
        rows, columns = np.nonzero(image > 60)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 in range(18, 23)
