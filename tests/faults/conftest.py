"""Real workers, killed and raced. `CNN_FAULTS=long python -m pytest tests/faults -s` takes many
times as many of everything as a usual run, and prints what it saw: 60 kills of a worker and 15 of
the server. A number in its place, `CNN_FAULTS=200`, is how many kills of a worker; the server is
killed a quarter as often."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import psutil
import pytest

from benchmarks import visitors
from cnn import datasets, runs
from cnn.network import Architecture
from cnn.network.layers import Activation, Conv2d, Flatten, MaxPool2d
from cnn.runs import locks, queue
from cnn.runs.device_options import Option
from cnn.runs.folders import changing_runs
from cnn.training import Settings
from tests import browsing
from tests.faults import processes
from tests.faults.processes import Launcher, kill, living

ASKED = os.environ.get("CNN_FAULTS", "")
LONG = bool(ASKED)
KILLS = int(ASKED) if ASKED.isdigit() else 60  # of workers, in the long form
on_request = pytest.mark.skipif(not LONG, reason="runs on request: CNN_FAULTS=long")

NETWORK = Architecture(layers=(Conv2d(filters=4, stride=2), Activation(), MaxPool2d(), Flatten()))
SETTINGS = Settings(epochs=4, batch_size=16, learning_rate=0.01, precision="float32")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long form takes as long as it takes."""
    if LONG:
        for item in items:
            if "faults" in item.path.parts:
                item.add_marker(pytest.mark.timeout(4 * 3600))


@pytest.fixture(autouse=LONG)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The long form counts what is lost, on a machine that may be busy with other work for
    minutes; how long a thing takes is measured elsewhere."""
    monkeypatch.setattr(processes, "SECONDS", 900.0)
    monkeypatch.setattr(browsing, "START_SECONDS", 600.0)
    monkeypatch.setattr(visitors, "MOST_SECONDS", 600.0)


@pytest.fixture(autouse=True)
def no_worker_outlives_its_test(runs_folder) -> Iterator[None]:
    """Whatever a test left running ends with it."""
    datasets.load("mnist-sample")  # the cache, before several want to write it
    yield
    left = living(*[run.id for run in runs.list_runs()])
    kill(left)
    psutil.wait_procs(left, 10)  # some are dead, and not buried by their parent yet


def occupy_cpu(name: str) -> tuple[runs.Run, locks.Lock]:
    """A run that trains on the CPU, as far as the others can tell, and its lock: while it is held
    they wait, without torch."""
    run = runs.new(NETWORK, SETTINGS, "mnist-sample", "cpu", name=name)
    lock = locks.Lock.take(run.files.lock)
    assert lock
    with changing_runs():
        queue.take_ticket(run)
    assert queue.try_start(run, [Option("cpu", ("cpu",))])
    run.write_status(state="running")
    return run, lock


@pytest.fixture
def busy_cpu(runs_folder) -> Iterator[locks.Lock]:
    """The CPU is taken."""
    _, lock = occupy_cpu("The busy one")
    yield lock
    lock.release()


@pytest.fixture
def launchers(runs_folder) -> Iterator[list[Launcher]]:
    """Two processes that launch, send and delete on command, all at the same moment."""
    started = [Launcher(), Launcher()]
    yield started
    for launcher in started:
        launcher.close()


@pytest.fixture
def made() -> runs.Run:
    """A run that nobody has started."""
    return runs.new(NETWORK, SETTINGS, "mnist-sample", "cpu")


@pytest.fixture(autouse=True)
def no_zombies() -> Iterator[None]:
    """Bury what this process has started."""
    yield
    for child in psutil.Process().children():
        # Its own Popen may be faster, at either line.
        with contextlib.suppress(psutil.NoSuchProcess, ChildProcessError):
            if child.status() == psutil.STATUS_ZOMBIE:
                os.waitpid(child.pid, os.WNOHANG)
