"""The generated scripts, run as they are: the same training as the app's own."""

import json
import re
import struct
import textwrap
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from cnn import datasets, runs
from cnn.cli.main import main
from cnn.datasets import FILES, preprocessing_for
from cnn.drawing import synthetic_digits
from cnn.export.codegen import keras, pytorch
from cnn.export.codegen.script import SCHEDULES
from cnn.presets import PRESETS
from cnn.training import OPTIMIZERS, Settings, schedule_factor
from cnn.training.augmentation import augment
from tests.conftest import SMALL


def run_source(source: str) -> dict:
    names: dict = {"__name__": "script"}
    exec(compile(source, "script", "exec"), names)
    return names


@pytest.fixture
def little_mnist(tmp_path, monkeypatch):
    """700 digits of the sample as MNIST's own files, where torchvision finds them."""
    sample = datasets.load("mnist-sample")
    raw = tmp_path / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    parts = (
        ("train", sample.train_images[:700], sample.train_labels[:700]),
        ("t10k", sample.test_images[:100], sample.test_labels[:100]),
    )
    for name, images, labels in parts:
        head = struct.pack(">iiii", 2051, len(images), 28, 28)
        (raw / f"{name}-images-idx3-ubyte").write_bytes(head + images.numpy().tobytes())
        head = struct.pack(">ii", 2049, len(labels))
        body = labels.to(torch.uint8).numpy().tobytes()
        (raw / f"{name}-labels-idx1-ubyte").write_bytes(head + body)
    monkeypatch.chdir(tmp_path)  # the script's data folder is "data", here
    monkeypatch.setenv("CNN_DATA_DIR", str(tmp_path / "data"))


@pytest.mark.parametrize(
    "settings",
    [
        Settings(optimizer="sgd", learning_rate=0.02, schedule="one-cycle", rotation=10, shift=2),
        Settings(optimizer="nesterov", learning_rate=0.01, label_smoothing=0.1, early_stopping=1),
    ],
    ids=["augmented", "smoothed, stopped early"],
)
def test_the_script_trains_to_the_same_weights_as_the_app(
    settings, little_mnist, monkeypatch, capsys
):
    from cnn.runs.worker import run_worker

    settings = settings.changed(
        epochs=2, batch_size=100, validation_images=200, precision="float32"
    )
    # The script has no digits of other schools, and says so.
    monkeypatch.setattr(synthetic_digits, "additional_images", lambda *_: None)
    assert (
        "other schools" in pytorch(SMALL, settings, preprocessing_for("mnist", "0-1"), "mnist")
    ) == (settings.handwriting > 0)
    run = runs.new(SMALL, settings, "mnist", "cpu")
    assert run_worker(run, background=False) == "finished", run.status()
    expected = load_file(run.weights_path())

    kept = {}
    monkeypatch.setattr(torch, "save", lambda weights, path: kept.update(weights))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    run_source(pytorch(SMALL, settings, run.preprocessing, "mnist"))["main"]()

    assert set(kept) == set(expected)
    for name, value in expected.items():
        assert torch.allclose(kept[name].float(), value.float(), atol=2e-3), name
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("epoch 1: loss ") and "validation accuracy" in printed[0]
    assert printed[-1] == f"test accuracy {run.status()['test_accuracy']:.2%}"


@pytest.mark.parametrize("handwriting", [0.0, 0.7])
def test_a_scripts_augmentation_is_the_apps(handwriting):
    settings = Settings(shift=1.0, shear=4.0, handwriting=handwriting)
    source = pytorch(SMALL, settings, preprocessing_for("mnist", "standardised"))
    assert ("3,000 digits" in source) == ("_elastic" in source) == bool(handwriting)
    names = run_source(source)
    x = torch.randn(20, 1, 28, 28)
    torch.manual_seed(3)
    expected = augment(x, settings, -0.4)
    torch.manual_seed(3)
    assert torch.equal(names["augment"](x, names["AUGMENTATION"], -0.4), expected)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_scripts_schedule_is_the_apps(schedule):
    names: dict = {}
    exec("import math\n" + SCHEDULES[schedule], names)
    for step in range(101):
        expected = schedule_factor(schedule, step / 100)
        assert names["schedule"](step / 100) == pytest.approx(expected, abs=1e-12)


def test_every_choice_of_settings_has_its_source():
    schedules = Settings.model_fields["schedule"].annotation.__args__
    assert set(schedules) == set(SCHEDULES)
    for optimizer in OPTIMIZERS:
        options = Settings(optimizer=optimizer)
        names = run_source(pytorch(SMALL, options, preprocessing_for("mnist", "0-1")))
        assert "optimizer" in names["main"].__code__.co_varnames


def test_a_script_needs_torch_and_torchvision_alone():
    for preset in PRESETS.values():
        source = pytorch(preset.architecture, preset.settings, preprocessing_for("mnist", "0-1"))
        imports = {
            line.split()[1].split(".")[0]
            for line in source.splitlines()
            if line.startswith(("import ", "from "))
        }
        assert imports <= {"math", "time", "types", "torch", "torchvision"}, preset.name
        assert max(map(len, source.splitlines())) <= 120


def test_a_title_cannot_break_out_of_its_docstring():
    title = '""" + evil() + """ {x} \0\n\ud800 \\'
    source = pytorch(SMALL, Settings(), preprocessing_for("mnist", "0-1"), "mnist", title)
    assert "evil" in run_source(source)["__doc__"]


def test_the_command_line_prints_scripts_and_the_schema(capsys, tmp_path):
    assert main(["code", "lenet5"]) == 0
    assert len(run_source(capsys.readouterr().out)["make_model"]()) == 12
    assert main(["code", "lenet5", "--keras"]) == 0
    assert "keras.Sequential" in capsys.readouterr().out
    file = tmp_path / "mine.json"
    file.write_text(SMALL.model_dump_json())
    assert main(["code", "--architecture", str(file), "--dataset", "kmnist"]) == 0
    assert "KMNIST" in capsys.readouterr().out
    assert main(["code", "--architecture", str(tmp_path / "none.json")]) == 2
    assert "No such file" in capsys.readouterr().err
    assert main(["schema"]) == 0
    assert "$defs" in json.loads(capsys.readouterr().out)


@pytest.fixture
def fake_keras(tmp_path, monkeypatch):
    """A module with as much of Keras as `load_data` asks for, which notes what is fetched. (Keras
    itself is not among the packages that the tests need.)"""
    import gzip
    import sys
    from types import ModuleType, SimpleNamespace

    import numpy as np

    fetched: list[str] = []

    def known(name):
        def load_data():
            fetched.append(name)
            return (images[0], labels_[0]), (images[1], labels_[1])

        return SimpleNamespace(load_data=load_data)

    def get_file(name, origin, file_hash, cache_subdir):
        fetched.append(origin)
        assert len(file_hash) == 32 and origin.endswith(name)
        part = int(name.startswith("t10k"))
        content = images[part] if "images" in name else labels_[part]
        head = bytes([0, 0, 8, content.ndim]) + struct.pack(f">{content.ndim}i", *content.shape)
        path = tmp_path / name
        path.write_bytes(gzip.compress(head + content.tobytes()))
        return path

    random = np.random.default_rng(0)
    images = [random.integers(0, 256, (count, 28, 28), dtype=np.uint8) for count in (30, 20)]
    labels_ = [random.integers(0, 10, count, dtype=np.uint8) for count in (30, 20)]
    keras = ModuleType("keras")
    keras.datasets = SimpleNamespace(mnist=known("mnist"), fashion_mnist=known("fashion_mnist"))
    keras.utils = SimpleNamespace(get_file=get_file, to_categorical=lambda y, n: np.eye(n)[y])
    keras.callbacks = SimpleNamespace(Callback=object)
    keras.layers = keras.ops = SimpleNamespace()
    monkeypatch.setitem(sys.modules, "keras", keras)
    return SimpleNamespace(fetched=fetched, images=images, labels=labels_)


@pytest.mark.parametrize(
    ("dataset", "source"),
    [
        ("mnist", ["mnist"]),
        ("mnist-sample", ["mnist"]),
        ("fashion-mnist", ["fashion_mnist"]),
        ("kmnist", [f"http://codh.rois.ac.jp/kmnist/dataset/kmnist/{f}-ubyte.gz" for f in FILES]),
    ],
)
def test_a_keras_script_trains_on_the_data_set_it_names(fake_keras, dataset, source):
    import numpy as np

    prepare = preprocessing_for(dataset, "0-1")
    names = run_source(keras(SMALL, Settings(seed=3), prepare, dataset))
    x, y, test_x, test_y = names["load_data"]()
    assert fake_keras.fetched == source
    order = np.random.default_rng(3).permutation(30)
    np.testing.assert_allclose(x[..., 0], fake_keras.images[0][order] / 255, atol=1e-6)
    np.testing.assert_array_equal(y.argmax(1), fake_keras.labels[0][order])
    np.testing.assert_allclose(test_x[..., 0], fake_keras.images[1] / 255, atol=1e-6)
    np.testing.assert_array_equal(test_y.argmax(1), fake_keras.labels[1])
    label = datasets.DATASETS[dataset if dataset != "mnist-sample" else "mnist"].label
    assert f"on {label}, in Keras 3" in names["__doc__"]
    assert ("bundled sample" in names["__doc__"]) == (dataset == "mnist-sample")


EDGE = ((-1.0, -1.0, -1.0), (0.0, 0.125, 0.0), (1.0, 1.0, 1.0))


def test_a_pytorch_script_starts_from_the_filter_made_by_hand(little_mnist, monkeypatch):
    settings = Settings(epochs=1, learning_rate=1e-30, optimizer="sgd", batch_size=700)
    kept = {}
    monkeypatch.setattr(torch, "save", lambda weights, path: kept.update(weights))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    settings, prepare = settings.changed(validation_images=0), preprocessing_for("mnist", "0-1")
    assert "FIRST_FILTER" not in pytorch(SMALL, settings, prepare)
    run_source(pytorch(SMALL, settings, prepare, first_filter=EDGE))["main"]()
    torch.testing.assert_close(kept["0.weight"][0, 0], torch.tensor(EDGE))


def test_a_keras_script_starts_from_the_filter_made_by_hand(fake_keras):
    import numpy as np

    source = keras(SMALL, Settings(), preprocessing_for("mnist", "0-1"), first_filter=EDGE)
    compile(source, "keras", "exec")
    start = re.search(r"(    first = next.*?set_weights[^\n]*\n)", source, re.S)[1]
    kernel = np.zeros((3, 3, 1, 6), np.float32)
    conv = SimpleNamespace(get_weights=lambda: [kernel], set_weights=lambda new: None)
    names = {
        "model": SimpleNamespace(layers=[conv]),
        "layers": SimpleNamespace(Conv2D=SimpleNamespace),
        "FIRST_FILTER": run_source(source)["FIRST_FILTER"],
    }
    exec(textwrap.dedent(start), names)
    np.testing.assert_array_equal(kernel[:, :, 0, 0], EDGE)
    assert not kernel[..., 1:].any()


@pytest.mark.parametrize("dataset", list(datasets.DATASETS))
def test_a_pytorch_script_trains_on_the_data_set_it_names(dataset):
    source = pytorch(SMALL, Settings(), preprocessing_for(dataset, "standardised"), dataset)
    reader = datasets.DATASETS[dataset].torchvision_name or "MNIST"
    assert f"from torchvision.datasets import {reader}\n" in source
    assert source.count(f"{reader}(DATA_DIR, train=") == 2


def test_files_that_keras_cannot_read_are_refused(monkeypatch):
    import torchvision

    monkeypatch.setattr(torchvision.datasets.KMNIST, "resources", [("kmnist.zip", "0" * 32)])
    with pytest.raises(datasets.DataError, match="KMNIST: Keras cannot read its files"):
        keras(SMALL, Settings(), preprocessing_for("kmnist", "0-1"), "kmnist")
