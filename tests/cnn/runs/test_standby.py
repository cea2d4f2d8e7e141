"""A worker in standby: who is handed a run, and that nothing but the time differs."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import psutil
import pytest
from safetensors.torch import load_file

from cnn import runs
from cnn.runs import locks, queue, speeds, standby
from cnn.runs.folders import changing_runs
from cnn.runs.forecast import _Measuring
from cnn.runs.priority import NICE
from cnn.training.accelerators import Accelerator
from tests.conftest import SMALL, SMALL_SETTINGS
from tests.faults.processes import wait_for

CPU = Accelerator.find_devices()[0]


@pytest.fixture
def allowed(monkeypatch) -> None:
    """Standby as it is outside of tests, without pytest's own changing variable."""
    monkeypatch.delenv("CNN_STANDBY")
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    monkeypatch.setattr(standby, "LEAST_MEMORY", 0)


@pytest.fixture
def waiting(allowed) -> Iterator[int]:
    """The process that waits, ready."""
    yield begin()
    standby.end()


def begin() -> int:
    os.environ.pop("PYTEST_CURRENT_TEST", None)  # pytest sets it anew between set-up and call
    speeds.keep_calibration(1.0, 1.0)
    assert standby.start()
    return wait_until_ready()


def wait_until_ready(but: int | None = None) -> int:
    wait_for(lambda: standby.state()[1] and standby.state()[0] != but)
    pid = standby.state()[0]
    assert pid
    return pid


def new(**changes) -> runs.Run:
    settings = SMALL_SETTINGS.changed(**changes)
    return runs.new(SMALL, settings, "mnist-sample", "cpu")


def pid_of(run: runs.Run) -> int:
    return runs.run.read_json(run.files.process)["pid"]


def launch(run: runs.Run) -> int:
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    runs.launch(run)
    return pid_of(run)


def finish(run: runs.Run) -> None:
    wait_for(lambda: not run.is_alive(), run)
    assert run.state == "finished", run.log()


def stop(run: runs.Run) -> None:
    run.send(stop=True)
    wait_for(lambda: not run.is_alive(), run)


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
    other = wait_until_ready(but=waiting)
    standby.end()
    assert not psutil.pid_exists(other)
    assert launch(ordinary) != other
    finish(ordinary)
    ours, theirs = (load_file(run.files.weights) for run in (handed, ordinary))
    assert ours.keys() == theirs.keys()
    assert all(tensor.equal(theirs[name]) for name, tensor in ours.items())
    assert handed.status()["test_accuracy"] == ordinary.status()["test_accuracy"]


def test_it_waits_at_no_cost_and_ends_in_order(waiting):
    before = psutil.Process(waiting).cpu_times()
    threading.Event().wait(1.0)
    after = psutil.Process(waiting).cpu_times()
    assert after.user - before.user + after.system - before.system <= 0.02
    standby.end()
    assert standby.state() == (None, False) and not psutil.pid_exists(waiting)


@pytest.mark.parametrize("why", ["another environment", "several processes", "a queue"])
def test_a_run_it_cannot_take_starts_as_without_it(waiting, monkeypatch, runs_folder, why):
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
        assert held and queue.try_start(busy, [queue.Option("cpu", ("cpu",))])
    assert launch(run) != waiting
    stop(run)
    if held:
        held.release()


def test_a_run_behind_one_that_was_asked_to_stop_is_handed_over(waiting):
    first, second = new(epochs=50), new(epochs=50)
    launch(first)
    wait_for(first.metrics, first)
    other = wait_until_ready(but=waiting)
    first.send(stop=True)
    assert launch(second) == other
    wait_for(second.metrics, second)
    assert first.state == "stopped"
    stop(second)


def test_none_waits_where_a_setting_or_memory_forbids_it(allowed, monkeypatch):
    monkeypatch.setenv("CNN_STANDBY", "0")
    assert not standby.start()
    monkeypatch.delenv("CNN_STANDBY")
    monkeypatch.setattr(standby, "LEAST_MEMORY", 1e18)
    assert not standby.start()
    assert standby.state() == (None, False)
    standby.end()


def test_it_measures_a_network_once_and_a_run_comes_first(waiting):
    measuring = _Measuring()
    assert measuring.ask(SMALL, SMALL_SETTINGS, CPU)
    wait_for(lambda: not measuring.ask(SMALL, SMALL_SETTINGS, CPU))
    known = speeds.recall(SMALL, SMALL_SETTINGS, "cpu")
    assert known and known.images_per_second > 50

    other = SMALL_SETTINGS.changed(batch_size=32)
    assert measuring.ask(SMALL, other, CPU)
    run = new(epochs=50)
    assert launch(run) == waiting  # it has broken off
    wait_for(run.metrics, run)
    wait_for(lambda: not measuring.ask(SMALL, other, CPU))
    assert speeds.recall(SMALL, other, "cpu") is None  # not beside a training, either
    stop(run)


def test_nothing_is_measured_where_a_setting_forbids_it(runs_folder):
    assert not _Measuring().ask(SMALL, SMALL_SETTINGS, CPU)
