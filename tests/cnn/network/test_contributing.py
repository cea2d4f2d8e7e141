"""The layer type that CONTRIBUTING.md adds as its example does all that it promises."""

import re
from pathlib import Path

import pytest
import torch
from hypothesis import find

from cnn.datasets import Preprocessing
from cnn.export.codegen import keras, pytorch
from cnn.network import Architecture
from cnn.network.layers import Flatten, LayerError
from cnn.training import Settings
from tests.strategies import layer_of

TEXT = (Path(__file__).parents[3] / "CONTRIBUTING.md").read_text()


@pytest.fixture
def example(tmp_path, monkeypatch):
    source = re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert source
    (tmp_path / "map_dropout_example.py").write_text(source[1])
    monkeypatch.syspath_prepend(tmp_path)
    import map_dropout_example

    return map_dropout_example.MapDropout


def test_the_example_layer_works_everywhere(example):
    layers = (example(rate=0.5), Flatten())
    architecture = Architecture.model_construct(layers=layers)  # not in the palette's union
    assert architecture.problem() is None
    row = architecture.table()[0]
    assert (row.output_shape, row.parameters) == ((1, 28, 28), 0)

    model = architecture.build()
    assert isinstance(model[0], torch.nn.Dropout2d)
    settings, pixels = Settings(), Preprocessing(0.0, 1.0)
    assert "nn.Dropout2d(0.5),  # 1×28×28" in pytorch(architecture, settings, pixels)
    assert "layers.SpatialDropout2D(0.5)," in keras(architecture, settings, pixels)

    with pytest.raises(LayerError, match="works on maps"):
        example().output_shape((784,))
    assert find(layer_of(example), lambda layer: layer.rate > 0.5).rate > 0.5


def test_the_files_it_names_exist():
    root = Path(__file__).parents[3]
    for name in re.findall(r"`((?:cnn|tests)/[\w/]+\.py)`", TEXT):
        assert (root / name).exists() or name == "cnn/network/layers/_map_dropout.py", name
