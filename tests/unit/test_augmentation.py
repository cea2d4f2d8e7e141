import inspect

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn import augmentation
from cnn.augmentation import augment, samples
from cnn.settings import Settings

FULL = Settings(handwriting=1.0)


def bar(count: int = 8) -> torch.Tensor:
    """Upright bars, 3 px wide, on paper 0: `(count, 28, 28)`."""
    x = torch.zeros(count, 28, 28)
    x[:, 4:24, 12:15] = 1.0
    return x


@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(1, 9),
    handwriting=st.floats(0, 1),
    rotation=st.floats(0, 45),
    shift=st.floats(0, 8),
    fill=st.floats(-1, 1),
)
def test_shape_type_and_range_are_kept(count, handwriting, rotation, shift, fill):
    chosen = Settings(handwriting=handwriting, rotation=rotation, shift=shift)
    x = torch.rand(count, 1, 28, 28) + fill
    y = augment(x, chosen, fill)
    assert y.shape == x.shape and y.dtype == x.dtype
    assert float(y.min()) >= fill - 1e-4 and float(y.max()) <= fill + 1 + 1e-4


def test_nothing_switched_on_changes_nothing():
    x = torch.rand(4, 1, 28, 28)
    assert augment(x, Settings(), 0.0) is x


def test_each_image_gets_its_own_change_and_the_seed_decides_it():
    x = bar().unsqueeze(1)
    torch.manual_seed(3)
    first = augment(x, FULL, 0.0)
    torch.manual_seed(3)
    again = augment(x, FULL, 0.0)
    other = augment(x, FULL, 0.0)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first[0], first[1])


def test_blank_paper_stays_blank():
    fill = -0.4242
    paper = torch.full((16, 1, 28, 28), fill)
    assert torch.allclose(augment(paper, FULL, fill), paper, atol=1e-5)


def test_strokes_become_thinner_and_thicker_but_the_bar_remains_a_bar():
    torch.manual_seed(0)
    changed = augment(bar(200).unsqueeze(1), FULL, 0.0)[:, 0]
    ink = changed.sum(dim=(1, 2)) / 60
    assert float(ink.min()) < 0.85 and float(ink.max()) > 1.15
    assert float(ink.min()) > 0.3 and float(ink.max()) < 3
    # Its middle stays near the middle, and most of its rows are still inked.
    rows = (changed > 0.2).any(dim=2).sum(dim=1)
    assert int(rows.min()) >= 12
    columns = torch.arange(28.0) + 0.5
    middle = (changed.sum(dim=1) * columns).sum(dim=1) / changed.sum(dim=(1, 2))
    assert float((middle - 13.5).abs().max()) < 5


def nines(count: int) -> torch.Tensor:
    """Rings on a stem, `(count, 1, 28, 28)`: wide and heavy at the top."""
    y, x = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
    ring = ((((x - 13) ** 2 + (y - 10) ** 2).sqrt() - 5).abs() < 1.2).float()
    ring[10:25, 17:19] = 1.0
    return ring.expand(count, 1, 28, 28).clone()


@pytest.mark.parametrize("at_head", [True, False])
def test_flourishes_touch_the_given_share_and_only_add_ink(at_head):
    """A narrow image gets its stroke at the head, one heavy at the top at its foot."""
    torch.manual_seed(0)
    x = bar(400).unsqueeze(1) if at_head else nines(400)
    y, moved = augmentation._flourish(x, 0.3)
    changed = (y != x).flatten(1).any(dim=1)
    assert 80 <= int(changed.sum()) <= 160
    assert bool((y >= x).all()) and float(y.max()) == 1.0
    # The centre of mass goes to the left with the head's stroke, down with the foot's.
    assert bool(
        (moved[changed][..., 0] < 0).all() if at_head else (moved[changed][..., 1] > 0).all()
    )
    assert float(moved[~changed].abs().max()) < 1e-6
    added = (y - x).sum(dim=(0, 1, 3))
    assert bool(added[:16].sum() > added[16:].sum()) == at_head


def test_no_flourish_without_a_share_or_on_a_ring():
    y, x = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
    ring = ((((x - 13.5) ** 2 + (y - 13.5) ** 2).sqrt() - 8).abs() < 1.2).float()
    ring = ring.expand(50, 1, 28, 28)
    assert torch.equal(augmentation._flourish(ring, 1.0)[0], ring)
    assert torch.equal(augmentation._flourish(nines(50), 0.0)[0], nines(50))


@pytest.mark.parametrize("kind", [torch.uint8, torch.float32])
def test_samples_for_the_page(kind):
    images = (bar(3) * (255 if kind == torch.uint8 else 1)).to(kind)
    before = torch.get_rng_state()
    shown = samples(images, FULL, 5, seed=1)
    assert shown.shape == (3, 5, 28, 28) and shown.dtype == torch.float32
    assert float(shown.min()) >= 0 and 0.5 < float(shown.max()) <= 1
    assert torch.equal(shown, samples(images, FULL, 5, seed=1))
    assert not torch.equal(shown, samples(images, FULL, 5, seed=2))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(samples(images, Settings(), 2)[:, 1], bar(3))


def test_every_part_of_handwriting_waits_for_nothing_on_the_device():
    source = inspect.getsource(augmentation)
    assert ".item()" not in source and ".tolist()" not in source
