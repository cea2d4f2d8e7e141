"""Normalisation: the same for bytes and fractions, and the pixels stay as they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cnn import datasets


def test_bytes_and_fractions_are_prepared_alike():
    pixels = torch.randint(0, 256, (3, 28, 28), dtype=torch.uint8)
    prepare = datasets.preprocessing_for("mnist", "standardised")
    out = prepare(pixels)
    assert (out.shape, out.dtype) == ((3, 1, 28, 28), torch.float32)
    expected = (pixels.numpy() / 255 - 0.1307) / 0.3081
    np.testing.assert_allclose(out[:, 0].numpy(), expected, atol=1e-5)
    assert torch.allclose(prepare(pixels / 255), out, atol=1e-5)
    plain = datasets.preprocessing_for("mnist", "0-1")(pixels)
    np.testing.assert_allclose(plain[:, 0].numpy(), pixels.numpy() / 255, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.float64])
def test_preprocessing_leaves_the_pixels_themselves_alone(dtype):
    full = 255 if dtype == torch.uint8 else 1
    pixels = (torch.rand(3, 28, 28) * full).to(dtype)
    before = pixels.clone()
    x = datasets.Preprocessing(0.1307, 0.3081)(pixels)
    assert torch.equal(pixels, before)
    assert x.shape == (3, 1, 28, 28) and x.dtype == torch.float32
    expected = (before.float() / full - 0.1307) / 0.3081
    torch.testing.assert_close(x.squeeze(1), expected, rtol=1e-5, atol=1e-5)
