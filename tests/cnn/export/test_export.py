"""Exports of a trained run, run by processes of their own and compared with the app."""

import io
import json
import zipfile

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load, save

from cnn import datasets, runs
from cnn.cli.main import main
from cnn.common.files import write_tensors
from cnn.export import formats, verify
from cnn.network import Architecture, from_json
from cnn.network.layers import (
    ACTIVATIONS,
    HIDDEN_LAYERS,
    Activation,
    AvgPool2d,
    BatchNorm2d,
    Classifier,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    Linear,
    MaxPool2d,
    ResidualBlock,
    SumPool2d,
)
from cnn.training import Settings


def repacked(archive: bytes, **changes: bytes) -> bytes:
    """The zip with some of its files replaced (dots in names written as underscores)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(name, changes.get(name.replace(".", "_"), old.read(name)))
    return buffer.getvalue()


def test_the_weights_say_what_they_belong_to(trained, tmp_path):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(formats.safetensors(trained))
    with safe_open(path, "pt") as file:
        facts = file.metadata()
        assert set(file.keys()) == set(trained.config.architecture.build().state_dict())
    assert from_json(facts["architecture"]) == trained.config.architecture
    assert json.loads(facts["preprocessing"])["mean"] == trained.preprocessing.mean


def test_the_zip_holds_everything(trained):
    archive = formats.archive(trained)
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        sources = {"model.py", "train.py", "train_keras.py", "predict.py"}
        data = {"README.md", "weights.safetensors", "preprocessing.json", "architecture.json"}
        assert set(packed.namelist()) == sources | data
        assert json.loads(packed.read("preprocessing.json"))["classes"] == list("0123456789")
        assert from_json(packed.read("architecture.json")) == trained.config.architecture
        for name in packed.namelist():
            if name.endswith(".py"):
                compile(packed.read(name), name, "exec")


def test_zip_and_onnx_give_the_same_predictions_over_the_whole_test_set(trained):
    said = []
    result = verify.verify_exports(trained, lambda share, doing: said.append((share, doing)))
    assert all(comparison.verified for comparison in result.results), result
    assert list(map(str, result.results)) == [
        "zip: same 1,000 predictions",
        "ONNX: same 1,000 predictions",
    ]
    assert result.results[0].difference < 1e-5
    assert said == sorted(said, key=lambda pair: pair[0]) and said[-1][0] == 1.0
    assert result.onnx is not None and trained.name.encode() in result.onnx


def test_a_zip_with_other_weights_or_preparation_is_found_out(trained):
    images = datasets.load("mnist-sample").test_images[:300]
    expected = verify.app_logits(trained, images)
    archive = formats.archive(trained)
    weights = {name: value * 0.9 for name, value in load(formats.safetensors(trained)).items()}
    result = verify.compare_zip(
        repacked(archive, weights_safetensors=save(weights)), images.numpy(), expected
    )
    assert not result.verified and result.difference > verify.TOLERANCE
    assert "predictions differ, logits by up to" in str(result)


@pytest.mark.parametrize(
    ("source", "says"),
    [(b"import cnn", "No module named 'cnn'"), (b"def predict_logits(x): return x[0]", "of shape")],
    ids=["leans on the app", "wrong shape"],
)
def test_a_zip_that_does_not_run_says_why(trained, source, says):
    archive = repacked(formats.archive(trained), predict_py=source)
    images = np.zeros((2, 28, 28), np.uint8)
    with pytest.raises(formats.ExportError, match=says):
        verify.compare_zip(archive, images, np.zeros((2, 10), np.float32))


def functions(*names: str) -> list[Activation]:
    return [Activation(function=name) for name in names]


# Every layer type and function, with the fields that other programs read otherwise. Two networks,
# for what squashes in a row leaves no differences to compare.
EVERY_LAYER = {
    "maps": (
        *(Conv2d(filters=8, kernel_size=4, dilation=3), BatchNorm2d()),
        *functions("relu", "leaky_relu", "gelu"),
        Conv2d(filters=12, kernel_size=5, stride=3, groups=4, init="kaiming"),
        *(SumPool2d(kernel_size=3, stride=2), AvgPool2d(stride=1), MaxPool2d(enabled=False)),
        *(ResidualBlock(filters=6, stride=2), MaxPool2d(kernel_size=1, stride=1), Dropout()),
        Flatten(),
    ),
    "vectors": (
        *(Conv2d(filters=9), *functions("tanh", "silu"), GlobalAvgPool()),
        *(Linear(units=9, bias=False, init="wide"), *functions("sigmoid", "softmax")),
    ),
}


def test_the_two_networks_hold_every_layer_type_and_function():
    layers = [layer for network in EVERY_LAYER.values() for layer in network]
    assert {type(layer) for layer in layers} == set(HIDDEN_LAYERS)
    used = {layer.function for layer in layers if isinstance(layer, Activation)}
    assert used == set(ACTIVATIONS)


@pytest.mark.parametrize("name", EVERY_LAYER)
def test_every_layer_type_survives_onnx(name):
    architecture = Architecture(layers=EVERY_LAYER[name], head=Classifier(output="sigmoid"))
    torch.manual_seed(0)
    run, model = runs.new(architecture, Settings(), "mnist-sample"), architecture.build()
    model.train()(torch.randn(50, 1, 28, 28) * 3)  # batch norm's statistics are no longer 0 and 1
    write_tensors(run.path / "live.safetensors", model.state_dict())

    images = datasets.load("mnist-sample").test_images[:20]
    expected = verify.app_logits(run, images)
    assert np.ptp(expected, axis=0).max() > 10 * verify.TOLERANCE  # there is something to compare
    result = verify.compare_onnx(formats.onnx(run), images.numpy(), expected)
    assert result.verified, result


def test_broken_onnx_says_so(trained):
    images = np.zeros((2, 28, 28), np.uint8)
    with pytest.raises(formats.ExportError, match="ONNX does not run"):
        verify.compare_onnx(b"no network", images, np.zeros((2, 10), np.float32))


def test_the_command_line_writes_and_verifies(trained, tmp_path, capsys):
    out = tmp_path / "weights.safetensors"
    assert main(["export", trained.id, "--safetensors", str(out), "--verify"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["verified"] and line["same_predictions"] == line["images"] == 1000
    assert out.stat().st_size == line["bytes"]
    assert main(["export", trained.id, "--zip", str(tmp_path / "no" / "where.zip")]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert main(["export", "nobody", "--zip", str(out)]) == 2
    assert "no run 'nobody'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "file"),
    [("My network!", "my-network.zip"), ("../../etc", "etc.zip"), ("Ж", "network.zip")],
)
def test_a_downloads_name_is_plain(trained, name, file):
    trained.rename(name)
    assert formats.file_name(trained, "zip") == file
