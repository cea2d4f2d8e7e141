"""Pictures for the page."""

import numpy as np
import pytest

from ui.shared.pictures import enlarge, framed


@pytest.mark.parametrize("shape", [(1, 300), (300, 2), (20, 14), (1, 1)])
def test_no_picture_is_too_flat_to_show(shape):
    image = np.ones(shape, np.float32)
    shown = framed(image)
    assert shown.sum() == image.sum()
    assert 10 * min(shown.shape) >= max(shown.shape) - 10


def test_a_pixel_becomes_a_block():
    assert enlarge(np.array([[0.0, 1.0]]), 3).tolist() == [[0, 0, 0, 255, 255, 255]] * 3
