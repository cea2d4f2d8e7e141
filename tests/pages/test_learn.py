"""Learn: every filter, activation and pooling can be tried, and the buttons lead on."""

import numpy as np
import pytest

from cnn.inspection import example_filters
from cnn.presets import EXPERIMENTS


@pytest.mark.parametrize("name", example_filters.FILTERS)
def test_every_filter_explains_itself(app, name):
    page = app("learn")
    page.selectbox(key="learn_filter").set_value(name).run()
    assert not page.exception
    about, _ = example_filters.FILTERS[name]
    assert any(about in caption.value for caption in page.caption)
    assert len(page.get("plotly_chart")) == 5


def test_convolution_agrees_with_torch():
    import torch
    import torch.nn.functional as F

    rng = np.random.default_rng(0)
    image = rng.random((28, 28), dtype=np.float32)
    for _about, kernel in example_filters.FILTERS.values():
        want = F.conv2d(torch.from_numpy(image)[None, None], torch.from_numpy(kernel)[None, None])
        np.testing.assert_allclose(
            example_filters.convolve(image, kernel), want[0, 0].numpy(), atol=1e-5
        )


def test_pooling_agrees_with_torch():
    import torch
    import torch.nn.functional as F

    maps = np.random.default_rng(1).random((27, 27), dtype=np.float32)
    x = torch.from_numpy(maps)[None, None]
    np.testing.assert_allclose(example_filters.pool(maps, "Max"), F.max_pool2d(x, 2)[0, 0].numpy())
    mean = F.avg_pool2d(x, 2)[0, 0].numpy()
    np.testing.assert_allclose(example_filters.pool(maps, "Average"), mean, rtol=1e-5)
    np.testing.assert_allclose(example_filters.pool(maps, "Sum"), 4 * mean, rtol=1e-5)
    assert example_filters.pool(maps, "None") is maps


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.name)
def test_an_experiment_is_set_up_by_one_click(app, experiment):
    page = app("learn")
    page.button(key=f"try_{experiment.name}").click().run()
    assert not page.exception
    assert page.title[0].value == "Train"
    play = page.session_state.playground
    assert play.architecture == experiment.architecture
    assert play.settings == experiment.settings
    assert not page.button(key="start").disabled
