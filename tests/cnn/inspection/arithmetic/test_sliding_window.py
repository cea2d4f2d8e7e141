"""The sliding window against torch: every place's sums add up to the module's output."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn.inspection.arithmetic import Explainer, Place, WindowSum
from cnn.inspection.arithmetic.sliding_window import convolution
from cnn.network import Architecture
from cnn.network.layers import AvgPool2d, Conv2d, Flatten, MaxPool2d, ResidualBlock, SumPool2d
from tests.cnn.inspection.arithmetic.windows import patch


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_patch_times_filter_plus_bias_is_the_convolutions_output(data):
    groups = data.draw(st.sampled_from([1, 2]))
    kernel = data.draw(st.integers(1, 4))
    stride = data.draw(st.integers(1, 3))
    padding = data.draw(st.sampled_from(["same", "valid", 1] if stride == 1 else [0, 1, 2]))
    if padding not in ("same", "valid") and padding > kernel // 2:
        padding = kernel // 2
    torch.manual_seed(data.draw(st.integers(0, 99)))
    dilation, bias = data.draw(st.integers(1, 2)), data.draw(st.booleans())
    conv = torch.nn.Conv2d(4, 6, kernel, stride, padding, dilation, groups, bias)
    x = torch.randn(1, 4, 11, 9)
    channel = data.draw(st.integers(0, 5))
    found = convolution(Place(1, channel), 0.0, "conv", conv, x)
    total = conv(x)[0, channel].detach().numpy()
    np.testing.assert_allclose(found.sums.sum(0) + found.bias, total, atol=1e-5)
    row = data.draw(st.integers(0, total.shape[0] - 1))
    column = data.draw(st.integers(0, total.shape[1] - 1))
    products = patch(found, row, column) * found.kernels
    assert products.sum() + found.bias == pytest.approx(total[row, column], abs=1e-5)


@pytest.mark.parametrize("layer", [MaxPool2d(), AvgPool2d(kernel_size=3), SumPool2d()])
def test_a_poolings_window_holds_what_it_made_of(layer):
    network = Architecture(layers=(layer, Flatten()))
    torch.manual_seed(0)
    explainer = Explainer(network.build().eval(), network, torch.randn(1, 1, 28, 28))
    found = explainer.explain(1)
    how = {"max": np.max, "avg": np.mean, "sum": np.sum}[found.kind]
    assert float(how(patch(found, 3, 5))) == pytest.approx(float(found.output[3, 5]), abs=1e-5)


def test_a_residual_blocks_last_value_is_the_layers_output():
    network = Architecture(layers=(ResidualBlock(filters=3, stride=2), Flatten()))
    torch.manual_seed(0)
    explainer = Explainer(network.build().eval(), network, torch.randn(1, 1, 28, 28))
    found = explainer.explain(1, 2, operation="conv2")
    name, values = found.after[-1]
    assert "ReLU" in name
    np.testing.assert_allclose(values, explainer.values(1)[2], atol=1e-5)
    first = explainer.explain(1, 2, operation="conv1")
    assert len(first.after) == 2  # batch norm and ReLU, then the next convolution begins


def test_where_nothing_slides_there_is_no_window():
    network = Architecture(layers=(Conv2d(filters=2), Flatten()))
    explainer = Explainer(network.build().eval(), network, torch.randn(1, 1, 28, 28))
    assert not isinstance(explainer.explain(2), WindowSum)
    assert not isinstance(explainer.explain(3), WindowSum)
