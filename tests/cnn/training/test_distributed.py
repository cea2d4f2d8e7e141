"""One run on several processes: they follow one decision, and learn what one alone would."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
import types
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
import torch.multiprocessing as mp
from safetensors.torch import load_file, save_file

from cnn import datasets, runs
from cnn.network import Architecture
from cnn.network.layers import Activation, BatchNorm2d, Conv2d, Dropout, Flatten, MaxPool2d
from cnn.training import Settings, distributed
from cnn.training.accelerators import accelerator_for
from cnn.training.control import ManualControl
from cnn.training.devices import find_device
from cnn.training.events import Report
from cnn.training.torchrun import end_process
from cnn.training.trainer import Trainer
from tests.conftest import SMALL

# Without batch norm, whose statistics are those of each process's own part of a batch.
PLAIN = Architecture(
    layers=(Conv2d(filters=4), Activation(), MaxPool2d(), Flatten()),
)
NORMED = Architecture(
    layers=(Conv2d(filters=4, bias=False), BatchNorm2d(), Activation(), MaxPool2d(), Flatten()),
)
SETTINGS = Settings(epochs=1, batch_size=64, learning_rate=0.02, optimizer="sgd", seed=3)


def images() -> datasets.Images:
    """1,001 images: the last batch is a partial one that two processes cannot share evenly."""
    whole = datasets.load("mnist-sample")
    return whole._replace(
        train_images=whole.train_images[:1001], train_labels=whole.train_labels[:1001]
    )


def new_trainer(
    architecture: Architecture,
    group: distributed.ProcessGroup,
    settings: Settings = SETTINGS,
    validation: int = 101,
) -> Trainer:
    return Trainer(
        architecture,
        images(),
        settings,
        datasets.preprocessing_for("mnist", "standardised"),
        accelerator_for(find_device("cpu"), "float32", True),
        validation,
        group,
    )


def learn(
    architecture: Architecture, group: distributed.ProcessGroup, settings: Settings = SETTINGS
) -> tuple[Trainer, list]:
    trainer = new_trainer(architecture, group, settings)
    return trainer, list(trainer.events(ManualControl()))


def one_of_two(rank: int, folder: str, port: int) -> None:
    import os

    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    torch.set_num_threads(1)
    with distributed.process_group("gloo") as group:
        for name, architecture in (("plain", PLAIN), ("normed", NORMED)):
            trainer, events = learn(architecture, group)
            save_file(trainer.model.state_dict(), Path(folder) / f"{name}-{rank}.safetensors")
            (Path(folder) / f"{name}-{rank}.json").write_text(json.dumps(asdict(events[-1])))
        stopped_and_resumed(group, Path(folder))
        one_validation_image(group, Path(folder))
        a_pause_that_each_sees_at_another_moment(group, Path(folder))
    end_process(0)  # as a worker's processes do


# Everything random that each process does for itself: dropout, augmentation, batch norm's part.
RANDOM = Architecture(
    layers=(
        Conv2d(filters=4, bias=False),
        BatchNorm2d(),
        Activation(),
        MaxPool2d(),
        Dropout(rate=0.3),
        Flatten(),
    ),
)
AUGMENTED = Settings(**{**SETTINGS.model_dump(), "epochs": 2, "rotation": 10.0, "handwriting": 0.5})


def stopped_and_resumed(group: distributed.ProcessGroup, folder: Path) -> None:
    """The weights of an undisturbed training, and of one that another trainer went on with."""
    whole, _ = learn(RANDOM, group, AUGMENTED)
    first, control = new_trainer(RANDOM, group, AUGMENTED), ManualControl()
    for event in first.events(control, report_seconds=0):
        control.stop = isinstance(event, Report) and event.step >= 20
    assert 0 < first.position.step < whole.position.step
    kept = [first.state() if group.is_leader else None]
    torch.distributed.broadcast_object_list(kept, 0)  # as the resume file does
    torch.rand(3)
    second = new_trainer(RANDOM, group, AUGMENTED)
    second.restore(*kept[0])
    list(second.events(ManualControl()))
    for name, trainer in (("whole", whole), ("resumed", second)):
        save_file(trainer.model.state_dict(), folder / f"{name}-{group.rank}.safetensors")


def a_pause_that_each_sees_at_another_moment(group: distributed.ProcessGroup, folder: Path) -> None:
    """The leader's control is lifted amid a few steps; the follower still reads the old one."""
    trainer, control, steps = new_trainer(PLAIN, group, SETTINGS), ManualControl(), []
    control.paused = not group.is_leader
    for event in trainer.events(control, report_seconds=0):
        if not isinstance(event, Report):
            continue
        steps.append(event.step)
        if group.is_leader and event.step in (3, 8):
            control.paused, control.run_until = event.step == 3, event.step + 5
    (folder / f"steps-{group.rank}.json").write_text(json.dumps(steps))


def one_validation_image(group: distributed.ProcessGroup, folder: Path) -> None:
    """One of the two processes has nothing to validate on."""
    trainer = new_trainer(PLAIN, group, SETTINGS, 1)
    events = list(trainer.events(ManualControl()))
    (folder / f"one-{group.rank}.json").write_text(json.dumps(asdict(events[-1])))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes learned."""
    import socket

    datasets.load("mnist-sample")  # the cache, before both want to write it
    folder = tmp_path_factory.mktemp("two")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # A spawned process imports what is `__main__` here. Streamlit's AppTest leaves a page there,
    # whose threads, still importing torch, killed the process as it ended.
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(sys.modules, "__main__", types.ModuleType("__main__"))
        mp.spawn(one_of_two, (str(folder), port), nprocs=2)
    return folder


def ended(folder: Path, name: str, rank: int) -> tuple[dict, dict]:
    """A process's last weights and its last event."""
    path = folder / f"{name}-{rank}"
    return load_file(path.with_suffix(".safetensors")), json.loads(
        path.with_suffix(".json").read_text()
    )


@pytest.mark.parametrize("name", ["plain", "normed"])
def test_both_processes_end_with_the_same_weights(two, name):
    (first, first_end), (second, second_end) = (ended(two, name, rank) for rank in (0, 1))
    for key, value in first.items():
        torch.testing.assert_close(second[key], value, rtol=0, atol=0)
    for key in ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy"):
        assert first_end[key] == second_end[key]


@pytest.mark.parametrize("rank", [0, 1])
def test_a_resumed_training_ends_in_each_process_with_the_same_bits(two, rank):
    whole, resumed = (load_file(two / f"{n}-{rank}.safetensors") for n in ("whole", "resumed"))
    for name, value in whole.items():
        assert torch.equal(resumed[name], value), name


def test_fewer_validation_images_than_processes_are_scored_by_those_that_have_them(two):
    ends = [json.loads((two / f"one-{rank}.json").read_text()) for rank in (0, 1)]
    assert ends[0]["validation_accuracy"] in (0, 1) and ends[0]["validation_loss"] > 0
    assert ends[0]["validation_loss"] == ends[1]["validation_loss"]


def test_a_pause_is_what_the_leader_says_whatever_the_others_read(two):
    steps = [json.loads((two / f"steps-{rank}.json").read_text()) for rank in (0, 1)]
    assert steps[0] == steps[1] and steps[0][-1] > 10


def test_two_processes_follow_one_at_the_whole_batch(two):
    trainer, events = learn(PLAIN, distributed.ProcessGroup())
    both, end = ended(two, "plain", 0)
    for key, value in trainer.model.state_dict().items():
        torch.testing.assert_close(both[key], value, rtol=1e-4, atol=1e-5)
    alone = events[-1]
    assert end["train_loss"] == pytest.approx(alone.train_loss, rel=1e-3)
    assert end["validation_loss"] == pytest.approx(alone.validation_loss, rel=1e-3)
    assert end["validation_accuracy"] == pytest.approx(alone.validation_accuracy, abs=0.02)


def test_a_group_of_one_costs_and_changes_nothing():
    group, model = distributed.ProcessGroup(), torch.nn.Linear(2, 2)
    assert group.is_leader
    assert group.wrap_ddp(model, torch.device("cpu")) is model
    decision = distributed.Decision(True, False, 0.5, True)
    assert group.broadcast_decision(decision) == (True, False, 0.5, True, False)
    assert group.sum(torch.tensor([1.0, 2.0])).tolist() == [1.0, 2.0]


def wait_for(check, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)


def test_a_run_on_two_processes_pauses_goes_on_stops_and_resumes(runs_folder, data_folder):
    settings = Settings(epochs=200, batch_size=64, learning_rate=0.01)
    run = runs.new(SMALL, settings, "mnist-sample", "cpu:2")
    runs.launch(run)
    wait_for(lambda: run.status().get("step", 0) > 1 or run.state not in runs.ACTIVE)
    assert run.state == "running", run.log()
    assert run.status()["processes"] == 2
    wait_for(lambda: run.status().get("epoch", 0) > 0)  # however slow the machine: it has learned
    run.send(paused=True)
    wait_for(lambda: run.state == "paused")
    step = run.status()["step"]
    run.send(paused=False, learning_rate=0.001)
    wait_for(lambda: run.status().get("step", 0) > step)
    run.send(stop=True)
    wait_for(lambda: run.state not in runs.ACTIVE)
    status = run.status()
    assert status["state"] == "stopped", run.log()
    assert status["test_accuracy"] > 0.5
    assert status["learning_rate"] <= 0.001
    runs.launch(run)  # at once: it waits until the processes are gone
    wait_for(lambda: run.status().get("step", 0) > status["step"] or run.state not in runs.ACTIVE)
    assert run.state == "running", run.log()
    run.send(stop=True)
    wait_for(lambda: run.state == "stopped")


def test_the_command_line_trains_on_two_processes_and_ctrl_c_keeps_what_was_learned(
    runs_folder, data_folder, tmp_path
):
    network = tmp_path / "network.json"
    network.write_text(SMALL.model_dump_json())
    shell = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "cnn",
            "train",
            "--architecture",
            network,
            "--device",
            "cpu:2",
            "--dataset",
            "mnist-sample",
            "--epochs",
            "200",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(
        lambda: (
            shell.poll() is not None or any(run.status().get("step") for run in runs.list_runs())
        )
    )
    assert shell.poll() is None, shell.communicate()[1]
    shell.send_signal(signal.SIGINT)
    out, err = shell.communicate(timeout=90)
    assert shell.returncode == 0 and "Traceback" not in err, err
    result = json.loads(out)
    assert (result["state"], result["device"]) == ("stopped", "cpu:2")
    assert result["test_accuracy"] > 0 and "images/s" in err
