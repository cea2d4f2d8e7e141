"""Everything that trains, on an imitation of an Apple GPU: no float64 there, no step that waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from cnn import datasets, evaluation, runs
from cnn.network import Architecture
from cnn.network.layers import Activation, BatchNorm2d, Conv2d, Dropout, Flatten, MaxPool2d
from cnn.presets import PRESETS
from cnn.runs.worker import run_worker
from cnn.training import OPTIMIZERS, Settings
from cnn.training.accelerators import Accelerator, accelerator_for
from cnn.training.control import ManualControl
from cnn.training.devices import find_device
from cnn.training.events import EpochEnd, Report
from cnn.training.trainer import Trainer
from tests.apple_gpu import KIND, DeviceTensor, apple_gpu

NETWORK = Architecture(
    layers=(
        Conv2d(filters=4, stride=2, bias=False),
        BatchNorm2d(),
        Activation(),
        MaxPool2d(),
        Dropout(rate=0.2),
        Flatten(),
    )
)
AUGMENTED = Settings(epochs=2, batch_size=64, seed=5, rotation=10.0, handwriting=0.5)


@pytest.fixture
def apple() -> Iterator[Accelerator]:
    with apple_gpu():
        yield accelerator_for(find_device(KIND), convolutional=True)


def trainer(
    accelerator: Accelerator, settings: Settings, network: Architecture = NETWORK
) -> Trainer:
    whole = datasets.load("mnist-sample")
    images = whole._replace(
        train_images=whole.train_images[:320], train_labels=whole.train_labels[:320]
    )
    preprocessing = datasets.preprocessing_for("mnist", "standardised")
    return Trainer(network, images, settings, preprocessing, accelerator, 64)


def test_the_imitation_keeps_the_rules_of_the_real_one(apple):
    x = torch.ones(3, device=KIND)
    assert isinstance(x, DeviceTensor) and x.device.type == KIND
    with pytest.raises(TypeError, match="float64"):
        x.double()
    with pytest.raises(RuntimeError, match="same device"):
        x + torch.ones(3)
    assert (x * 2).cpu().tolist() == [2, 2, 2]


def test_a_step_that_reads_from_the_device_is_found(apple, monkeypatch):
    from cnn.training import trainer as module

    monkeypatch.setattr(module, "augment", lambda x, *_, **__: x * float(x.max().item()))
    with pytest.raises(RuntimeError, match="inside a training step"):
        list(trainer(apple, AUGMENTED).events(ManualControl()))


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_every_optimiser_trains_and_reports(apple, optimizer):
    settings = Settings(epochs=1, batch_size=64, optimizer=optimizer, rotation=10.0)
    training = trainer(apple, settings)
    events = list(training.events(ManualControl(), report_seconds=0))
    assert isinstance(events[0], Report) and isinstance(events[-1], EpochEnd)
    assert 0 <= events[-1].validation_accuracy <= 1
    assert all(p.device.type == KIND for p in training.model.parameters())


def test_the_result_is_the_cpus(apple):
    """The same arithmetic: batch norm, convolutions and the optimiser agree but for rounding."""
    settings, plain = Settings(epochs=1, batch_size=64), Architecture(layers=(Flatten(),))
    ends = []
    for accelerator in (apple, Accelerator(torch.device("cpu"), convolutional=True)):
        training = trainer(accelerator, settings, plain)
        ends.append(list(training.events(ManualControl()))[-1])
    assert ends[0].train_loss == pytest.approx(ends[1].train_loss, rel=1e-4)
    assert ends[0].validation_accuracy == pytest.approx(ends[1].validation_accuracy, abs=0.02)


def test_a_resumed_training_goes_on_with_the_devices_random_numbers(apple):
    whole = trainer(apple, AUGMENTED)
    list(whole.events(ManualControl()))

    first, control = trainer(apple, AUGMENTED), ManualControl()
    for event in first.events(control, report_seconds=0):
        control.stop = isinstance(event, Report) and event.step >= 3
    assert 0 < first.position.step < whole.position.step
    state = first.state()
    torch.rand(5, device=KIND)  # somebody else's random numbers, meanwhile
    second = trainer(apple, AUGMENTED)
    second.restore(*state)
    list(second.events(ManualControl()))
    for name, value in whole.model.state_dict().items():
        assert torch.equal(second.model.state_dict()[name].cpu(), value.cpu()), name


def test_the_worker_trains_scores_and_resumes_there(apple, runs_folder, data_folder):
    settings = PRESETS["compact"].settings.changed(epochs=1, batch_size=512, handwriting=0.0)
    run = runs.new(NETWORK, settings, "mnist-sample", KIND)

    def stop(event: object) -> None:
        run.send(stop=True)

    assert run_worker(run, stop, background=False) == "stopped", run.log()
    assert run.can_resume()
    run.send(stop=False)
    assert run_worker(run, lambda event: None, background=False) == "finished", run.log()
    status = run.status()
    assert (status["device"], status["precision"]) == (KIND, "float32")
    assert status["test_accuracy"] == pytest.approx(evaluation.score_test_set(run), abs=1e-4)
