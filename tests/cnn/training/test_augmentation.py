import inspect

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn.training import Settings, augmentation
from cnn.training.augmentation import augment

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


def test_every_part_of_handwriting_waits_for_nothing_on_the_device():
    source = inspect.getsource(augmentation)
    assert ".item()" not in source and ".tolist()" not in source
