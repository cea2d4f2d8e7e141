"""A worker in standby: who is handed a run, and that nothing but the time differs."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from safetensors.torch import load_file

from cnn import runs
from cnn.runs import locks, queue, speeds, standby
from cnn.runs.device_options import Option
from cnn.runs.folders import changing_runs
from cnn.runs.forecast import Measuring
from cnn.runs.priority import NICE
from cnn.runs.worker import run_worker
from cnn.training.accelerators import Accelerator
from tests.conftest import SMALL, SMALL_SETTINGS
from tests.faults.processes import wait_for
from tests.standby import allowed, begin, wait_until_ready

CPU = Accelerator.find_devices()[0]


@pytest.fixture(scope="module", autouse=True)
def runs_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One for all: a worker in standby serves one folder."""
    folder = tmp_path_factory.mktemp("runs")
    with allowed(folder):
        yield folder


@pytest.fixture
def waiting() -> int:
    """The process that waits, ready."""
    return begin().pid


@pytest.fixture(autouse=True)
def nothing_is_left_training() -> Iterator[None]:
    """One test that fails is not to hold the device in the next."""
    yield
    for run in runs.list_runs():
        if run.is_alive():
            stop(run)


def new(**changes) -> runs.Run:
    settings = SMALL_SETTINGS.changed(**changes)
    return runs.new(SMALL, settings, "mnist-sample", "cpu")


def pid_of(run: runs.Run) -> int:
    return runs.run.read_json(run.files.process)["pid"]


def launch(run: runs.Run) -> int:
    runs.launch(run)
    return pid_of(run)


def finish(run: runs.Run) -> None:
    wait_for(lambda: not run.is_alive(), run)
    assert run.state == "finished", run.log()


def stop(run: runs.Run) -> None:
    run.send(stop=True)
    wait_for(lambda: not run.is_alive(), run)


def test_it_measures_a_network_once_and_a_run_comes_first(waiting):
    measuring = Measuring()
    assert measuring.ask(SMALL, SMALL_SETTINGS, CPU)
    wait_for(lambda: not measuring.ask(SMALL, SMALL_SETTINGS, CPU))
    known = speeds.recall(SMALL, SMALL_SETTINGS, "cpu")
    assert known and known.images_per_second > 50 and known.scored_per_second > 50

    other = SMALL_SETTINGS.changed(batch_size=32)
    assert measuring.ask(SMALL, other, CPU)
    run = new(epochs=50)
    assert launch(run) == waiting  # it has broken off
    wait_for(run.metrics, run)
    wait_for(lambda: not measuring.ask(SMALL, other, CPU))
    assert speeds.recall(SMALL, other, "cpu") is None  # not beside a training, either
    stop(run)


def test_the_run_is_handed_over_trained_to_the_same_bit_and_replaced(waiting, monkeypatch):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "/tmp")  # torch does so itself, once it computes
    handed, ordinary = (new(epochs=1, handwriting=0.5, train_images=1000) for _ in range(2))
    assert launch(handed) == waiting
    process = psutil.Process(waiting)
    assert os.getsid(waiting) == waiting != os.getsid(0)
    assert handed.is_alive()
    wait_for(lambda: process.nice() >= NICE, handed)  # once the first point is told
    finish(handed)
    assert f"worker {waiting} trains {handed.id}" in handed.log()
    assert wait_until_ready(but=waiting).is_running()
    assert run_worker(ordinary, background=False) == "finished"
    ours, theirs = (load_file(run.files.weights) for run in (handed, ordinary))
    assert ours.keys() == theirs.keys()
    assert all(tensor.equal(theirs[name]) for name, tensor in ours.items())
    assert handed.status()["test_accuracy"] == ordinary.status()["test_accuracy"]


@pytest.mark.parametrize("why", ["several processes", "a queue", "another environment"])
def test_a_run_it_cannot_take_starts_as_without_it(waiting, monkeypatch, why):
    run = new(epochs=50)
    held = None
    if why == "another environment":
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    elif why == "several processes":
        run = runs.new(SMALL, SMALL_SETTINGS, "mnist-sample", "cpu:2")
    else:
        busy = new()
        held = locks.Lock.take(busy.files.lock)
        with changing_runs():
            queue.take_ticket(busy)
        assert held and queue.try_start(busy, [Option("cpu", ("cpu",))])
    assert launch(run) != waiting
    stop(run)
    if held:
        held.release()


def test_a_run_behind_one_that_was_asked_to_stop_is_handed_over(waiting):
    first, second = new(epochs=50), new(epochs=50)
    launch(first)
    wait_for(first.metrics, first)
    other = wait_until_ready(but=waiting).pid
    first.send(stop=True)
    assert launch(second) == other
    wait_for(second.metrics, second)
    assert first.state == "stopped"
    stop(second)


def test_it_waits_at_no_cost_and_ends_in_order(waiting):
    before = psutil.Process(waiting).cpu_times()
    threading.Event().wait(1.0)
    after = psutil.Process(waiting).cpu_times()
    assert after.user - before.user + after.system - before.system <= 0.02
    standby.end()
    assert standby.state() == (None, False) and not psutil.pid_exists(waiting)


def test_none_waits_where_a_setting_or_memory_forbids_it(monkeypatch):
    monkeypatch.setenv("CNN_STANDBY", "0")
    assert not standby.start()
    monkeypatch.delenv("CNN_STANDBY")
    monkeypatch.setattr(standby, "LEAST_MEMORY", 1e18)
    assert not standby.start()
    assert standby.state() == (None, False)
    standby.end()


def test_nothing_is_measured_where_a_setting_forbids_it(monkeypatch):
    monkeypatch.setenv("CNN_STANDBY", "0")
    assert not Measuring().ask(SMALL, SMALL_SETTINGS, CPU)
