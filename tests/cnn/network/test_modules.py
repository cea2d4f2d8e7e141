"""The modules of our own: what they compute, and that they do it as torch does."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cnn.network import modules


def laid_out(shape: tuple[int, ...], channels_last: bool) -> torch.Tensor:
    x = torch.rand(shape) + 1
    if channels_last and len(shape) == 4:
        x = x.contiguous(memory_format=torch.channels_last)
    return x.requires_grad_()


@settings(deadline=None)
@given(
    shape=st.sampled_from([(3,), (64, 7), (5, 1, 3, 3), (8, 6, 5, 5), (2, 16, 1, 1)]),
    rate=st.floats(0.0, 0.9),
    channels_last=st.booleans(),
    dtype=st.sampled_from([torch.float32, torch.bfloat16]),
)
def test_dropout_zeroes_some_and_scales_the_rest(shape, rate, channels_last, dtype):
    x = laid_out(shape, channels_last).to(dtype).detach().requires_grad_()
    y = modules.Dropout(rate)(x)
    assert y.shape == x.shape and y.dtype == dtype
    if channels_last:
        assert y.stride() == x.stride()
    kept = y != 0
    scale = (torch.ones((), dtype=dtype) / (1 - rate)).float()
    torch.testing.assert_close(y[kept].float(), (x[kept] * scale.to(dtype)).float())
    y.sum().backward()
    torch.testing.assert_close(x.grad.float(), kept.float() * scale)


@pytest.mark.parametrize("rate", [0.05, 0.25, 0.5, 0.9])
def test_dropout_meets_its_rate(rate):
    torch.manual_seed(0)
    y = modules.Dropout(rate)(torch.ones(1000, 1000))
    assert float((y == 0).float().mean()) == pytest.approx(rate, abs=0.002)
    assert float(y.mean()) == pytest.approx(1, abs=0.01)
    rows = (y == 0).float()  # neighbours share a random number, and must not follow each other
    together = float((rows[:, 1:] * rows[:, :-1]).mean())
    assert together == pytest.approx(rate**2, abs=0.002)


def test_dropout_is_repeated_by_its_seed_and_rests_in_prediction():
    x, layer = torch.ones(50, 50), modules.Dropout(0.5)
    torch.manual_seed(3)
    first = layer(x)
    assert not torch.equal(first, layer(x))
    torch.manual_seed(3)
    assert torch.equal(first, layer(x))
    assert layer.eval()(x) is x


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("shape", [(4, 3, 6, 6), (4, 3, 1, 1), (4, 1, 6, 6), (4, 9)])
def test_flatten_is_torchs_and_keeps_the_layout_of_gradients(shape, channels_last):
    x = laid_out(shape, channels_last)
    weights = torch.rand(4, torch.Size(shape[1:]).numel())
    ordered = []  # whether the layer above receives its gradient in the maps' own layout
    x.register_hook(lambda g: ordered.append(g.is_contiguous(memory_format=torch.channels_last)))
    y = modules.Flatten()(x * 1)
    (y * weights).sum().backward()

    other = x.detach().clone().requires_grad_()
    z = nn.Flatten()(other)
    (z * weights).sum().backward()
    assert torch.equal(y, z) and torch.equal(x.grad, other.grad)
    if channels_last and len(shape) == 4:
        assert ordered == [True]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize(("size", "side", "stride"), [(6, 2, 2), (9, 3, 3), (7, 2, 2), (7, 3, 2)])
def test_average_pooling_is_torchs(dtype, channels_last, size, side, stride):
    x = laid_out((3, 5, size, size), channels_last).detach().to(dtype).requires_grad_()
    other = x.detach().clone().requires_grad_()
    y, z = modules.AvgPool2d(side, stride)(x), nn.AvgPool2d(side, stride)(other)
    weights = torch.rand_like(y)
    (y * weights).sum().backward()
    (z * weights).sum().backward()
    assert torch.equal(y, z)
    torch.testing.assert_close(x.grad, other.grad)
