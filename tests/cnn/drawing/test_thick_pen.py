"""Copies with a thick pen: thicker at every radius, in the same box, with the caller's labels."""

import torch
import torch.nn.functional as F

from cnn.drawing import thick_pen


def ring(size: int = 28) -> torch.Tensor:
    """A thin zero of 20 px, ink bright."""
    at = torch.arange(size) - (size - 1) / 2
    distance = torch.hypot(at[:, None], at[None])
    return ((9.5 - distance).abs() < 1).mul(255).to(torch.uint8)


def test_each_radius_is_thicker_and_stays_in_the_box():
    images, labels = thick_pen.thickened(ring().repeat(8, 1, 1), torch.arange(8), 8)
    assert images.dtype == torch.uint8 and images.shape == (8, 28, 28)
    assert labels.tolist() == list(range(8))
    ink = [float(image.float().mean()) for image in images[::2]]
    assert ink == sorted(ink) and ink[-1] > 1.5 * ink[0]
    for image in images:
        rows = torch.nonzero((image > 60).any(dim=1)).squeeze(1)
        assert 18 <= int(rows.max() - rows.min()) + 1 <= 22


def test_ink_is_dilated_to_all_sides_alike():
    point = torch.zeros(1, 1, 21, 21)
    point[..., 10, 10] = 1
    grown = thick_pen._dilated(point, 4)[0, 0]
    assert grown[10].sum() == grown[:, 10].sum() == 9
    assert grown[6, 6] == 0 and grown[7, 7] == 1


def test_few_images_are_all_taken_and_many_are_chosen_evenly():
    assert len(thick_pen.thickened(ring().repeat(3, 1, 1), torch.arange(3), 6)[0]) == 3
    _, labels = thick_pen.thickened(
        torch.zeros(100, 28, 28, dtype=torch.uint8), torch.arange(100), 10
    )
    assert labels.tolist() == [0, 11, 22, 33, 44, 55, 66, 77, 88, 99]


def test_ink_is_dilated_as_maximum_pooling_does():
    ink = torch.rand(5, 1, 12, 17, generator=torch.Generator().manual_seed(0))
    cross = torch.maximum(
        F.max_pool2d(ink, (1, 3), 1, (0, 1)), F.max_pool2d(ink, (3, 1), 1, (1, 0))
    )
    assert thick_pen._dilated(ink, 1).equal(cross)
    assert thick_pen._dilated(ink, 2).equal(F.max_pool2d(cross, 3, 1, 1))


def test_the_number_of_threads_is_as_before():
    before = torch.get_num_threads()
    thick_pen.thickened(ring().repeat(8, 1, 1), torch.arange(8), 8)
    assert torch.get_num_threads() == before
