"""On a machine with an NVIDIA GPU: everything that trains, for real.

    python -m pytest tests/gpu

Skipped where there is none. Needs no Streamlit and no MNIST.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from torch import Tensor

from cnn import datasets, evaluation, runs
from cnn.network import Architecture
from cnn.network.layers import Activation, BatchNorm2d, Conv2d, Dropout, Flatten, MaxPool2d
from cnn.presets import PRESETS
from cnn.runs import speed_test
from cnn.runs.worker import run_worker
from cnn.training import OPTIMIZERS, Settings
from cnn.training.accelerators import Accelerator, accelerator_for
from cnn.training.control import ManualControl
from cnn.training.cuda_graph import GraphedStep
from cnn.training.devices import find_device, list_devices
from cnn.training.events import Report
from cnn.training.trainer import Trainer

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA GPU")

NETWORK = Architecture(
    layers=(
        Conv2d(filters=8, bias=False),
        BatchNorm2d(),
        Activation(),
        MaxPool2d(),
        Dropout(rate=0.2),
        Flatten(),
    )
)
SETTINGS = {"epochs": 2, "batch_size": 64, "seed": 5, "rotation": 10.0, "handwriting": 0.5}


def gpu(precision: str = "auto") -> Accelerator:
    return accelerator_for(find_device("cuda:0"), precision, True)


def make(**values: object) -> Trainer:
    settings = Settings(**{**SETTINGS, **values})
    whole = datasets.load("mnist-sample")
    images = whole._replace(
        train_images=whole.train_images[:1000], train_labels=whole.train_labels[:1000]
    )
    preprocessing = datasets.preprocessing_for("mnist", "standardised")
    return Trainer(NETWORK, images, settings, preprocessing, gpu(settings.precision), 100)


def weights(trainer: Trainer) -> dict[str, Tensor]:
    return {name: value.cpu() for name, value in trainer.model.state_dict().items()}


def train(trainer: Trainer, steps: int | None = None) -> Trainer:
    control = ManualControl()
    for event in trainer.events(control, report_seconds=0):
        control.stop = steps is not None and isinstance(event, Report) and event.step >= steps
    return trainer


def assert_same(one: Trainer, other: Trainer) -> None:
    others = weights(other)
    for name, value in weights(one).items():
        assert torch.equal(others[name], value), name


@pytest.fixture(autouse=True)
def give_back_determinism():
    yield
    gpu().set_reproducible(False)


def test_the_gpu_is_listed_with_its_uuid_and_memory():
    found = next(device for device in list_devices() if device.id == "cuda:0")
    assert found.problem is None and found.lock_names[0].startswith("GPU-")
    assert 0 < found.memory_free <= found.memory_total
    assert find_device("auto").kind == "cuda"


@pytest.mark.parametrize("precision", ["float32", "bf16"])
@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_no_optimisers_step_waits_for_the_gpu(optimizer, precision, monkeypatch):
    step = Trainer._step

    def watched(self: Trainer, *args: object) -> None:
        torch.cuda.set_sync_debug_mode("error")
        try:
            step(self, *args)
        finally:
            torch.cuda.set_sync_debug_mode("default")

    monkeypatch.setattr(Trainer, "_step", watched)
    rate = OPTIMIZERS[optimizer].learning_rate / 5
    trainer = train(make(optimizer=optimizer, precision=precision, learning_rate=rate, epochs=1))
    assert trainer.done


@pytest.mark.parametrize("precision", ["float32", "bf16"])
@pytest.mark.parametrize("graphs", ["0", "1"])
def test_reproducible_gives_the_same_weights_and_a_resumed_training_too(
    precision, graphs, monkeypatch
):
    monkeypatch.setenv("CNN_CUDA_GRAPHS", graphs)
    how = {"precision": precision, "reproducible": True}
    whole = train(make(**how))
    assert_same(whole, train(make(**how)))
    first = train(make(**how), steps=9)
    state = first.state()
    torch.rand(5, device="cuda")
    second = make(**how)
    second.restore(*state)
    assert_same(whole, train(second))


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_trains_reproducibly(name):
    preset = PRESETS[name]
    values = {**preset.settings.model_dump(), "epochs": 1, "reproducible": True}
    values |= {"batch_size": 64, "early_stopping": 0}
    whole = datasets.load("mnist-sample")
    images = whole._replace(
        train_images=whole.train_images[:500], train_labels=whole.train_labels[:500]
    )
    accelerator = accelerator_for(find_device("cuda"), "auto", preset.architecture.convolutional)
    preprocessing = datasets.preprocessing_for("mnist", "standardised")
    ends = [
        train(
            Trainer(preset.architecture, images, Settings(**values), preprocessing, accelerator, 50)
        )
        for _ in range(2)
    ]
    assert_same(*ends)


def test_a_training_resumed_at_an_epochs_short_last_batch_is_still_recorded():
    first = make()
    train(first, steps=first.steps_per_epoch - 1)
    assert first.position.batch == first.steps_per_epoch - 1
    second = make()
    second.restore(*first.state())
    train(second)
    assert isinstance(second._learn, GraphedStep) and second._learn._graph is not None


def test_measure_and_training_agree_within_a_tenth(runs_folder, data_folder):
    preset = PRESETS["compact"]
    settings = Settings(
        **{**preset.settings.model_dump(), "handwriting": 0.0, "epochs": 120, "early_stopping": 0}
    )
    device, speeds = find_device("cuda:0"), []
    for _ in range(2):
        measured = speed_test.measure(preset.architecture, settings, device).images_per_second
        run = runs.new(preset.architecture, settings, "mnist-sample", "cuda:0")
        assert run_worker(run, lambda _: None, background=False) == "finished", run.log()
        status = run.status()
        speeds.append((measured, status["images_seen"] / status["train_seconds"]))
    measured, trained = speeds[-1]  # the first warms the card up
    assert measured == pytest.approx(trained, rel=0.1), speeds


def test_the_workers_result_is_scored_and_resumes_there(runs_folder, data_folder):
    run = runs.new(NETWORK, Settings(**SETTINGS), "mnist-sample", "cuda:0")

    def stop(event: object) -> None:
        run.send(stop=True)

    assert run_worker(run, stop, background=False) == "stopped", run.log()
    run.send(stop=False)
    assert run_worker(run, lambda _: None, background=False) == "finished", run.log()
    status = run.status()
    assert status["test_accuracy"] == pytest.approx(evaluation.score_test_set(run), abs=0.003)


@pytest.fixture
def little_memory():
    """Another program that takes all of the GPU's memory but 3 GB."""
    free, _ = torch.cuda.mem_get_info(0)
    taken = torch.empty(free - 3 * 2**30, dtype=torch.uint8, device="cuda:0")
    yield
    del taken
    torch.cuda.empty_cache()


def test_out_of_memory_proposes_a_batch_that_then_fits(runs_folder, data_folder, little_memory):
    # Some 1,000 maps of float32 for an image and their gradients: a batch of 4,096 needs 26 GB.
    wide = Architecture(
        layers=(*(Conv2d(filters=256), Activation()) * 2, MaxPool2d(), Conv2d(filters=8), Flatten())
    )
    settings = Settings(epochs=1, batch_size=4096, precision="float32", validation_images=0)
    run = runs.new(wide, settings, "mnist-sample", "cuda:0")
    assert run_worker(run, background=True) == "failed"
    status = run.status()
    assert "out of memory" in status["message"], status["message"]
    proposed = status["suggested_settings"]["batch_size"]
    assert 8 <= proposed <= 2048
    again = runs.retry(run, status["suggested_settings"])
    assert run_worker(again, background=True) == "finished", again.status()["message"]


needs_two = pytest.mark.skipif(torch.cuda.device_count() < 2, reason="there is one GPU")


@needs_two
def test_a_graph_is_recorded_on_the_second_gpu_too():
    trainer = make()
    accelerator = accelerator_for(find_device("cuda:1"), "auto", True)
    settings = Settings(**SETTINGS)
    preprocessing = datasets.preprocessing_for("mnist", "standardised")
    images = datasets.load("mnist-sample")
    second = train(Trainer(NETWORK, images, settings, preprocessing, accelerator, 100))
    assert isinstance(second._learn, GraphedStep) and second._learn._graph is not None
    assert trainer.accelerator.device.index == 0


@needs_two
def test_all_gpus_train_one_run(runs_folder, data_folder):
    command = [sys.executable, "-m", "cnn", "train", "--preset", "compact", "--epochs", "2"]
    command += ["--dataset", "mnist-sample", "--device", "cuda:all"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    result = json.loads(ended.stdout)
    assert (result["state"], result["device"]) == ("finished", "cuda:all")
    assert result["test_accuracy"] > 0.9
