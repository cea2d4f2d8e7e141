"""Runs that give way: in turns of an epoch on one device, in the order in which they came."""

from __future__ import annotations

import threading
import time

import pytest

from cnn import runs
from cnn.runs import queue
from cnn.runs.device_options import Option
from cnn.runs.folders import changing_runs
from cnn.runs.locks import Lock
from tests.conftest import SMALL, SMALL_SETTINGS
from tests.made_runs import made_run

CPU = Option("cpu", ("cpu",))


@pytest.fixture
def holders():
    locks: list[Lock] = []
    yield locks
    for lock in locks:
        lock.release()


def waiting(name: str, holders: list[Lock]) -> runs.Run:
    """A run whose worker lives and has its ticket."""
    run = made_run(name)
    lock = Lock.take(run.files.lock)
    assert lock is not None
    holders.append(lock)
    with changing_runs():
        queue.take_ticket(run)
    return run


def test_who_gives_way_comes_behind_those_who_wait(holders):
    first, second = waiting("First", holders), waiting("Second", holders)
    assert queue.try_start(first, [CPU]) == CPU
    assert queue.try_start(second, [CPU]) is None
    went_on = threading.Event()

    def give_way() -> None:
        queue.give_way(first, lambda: False, lambda: None)
        went_on.set()

    thread = threading.Thread(target=give_way)
    thread.start()
    deadline = time.monotonic() + 20
    while (taken := queue.try_start(second, [CPU])) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert taken == CPU
    assert not went_on.wait(0.5)  # it has the device now
    assert [t.run_id for t in queue.tickets()] == [second.id, first.id]
    queue.own_ticket(second).file.unlink()
    assert went_on.wait(20)
    thread.join()
    assert queue.own_ticket(first).taken == CPU


def test_alone_it_goes_on_at_once_and_keeps_its_place(holders):
    run = waiting("Alone", holders)
    queue.try_start(run, [CPU])
    before = queue.own_ticket(run)
    queue.give_way(run, lambda: False, lambda: pytest.fail("nobody waits"))
    assert queue.own_ticket(run) == before


def test_asked_to_stop_it_waits_no_longer(holders):
    first, second = waiting("First", holders), waiting("Second", holders)
    queue.try_start(first, [CPU])
    asked = iter([False, True])
    looks = []

    def stopped() -> bool:
        queue.try_start(second, [CPU])
        return next(asked)

    queue.give_way(first, stopped, lambda: looks.append(1))
    assert len(looks) == 1


def test_two_real_runs_take_turns_of_an_epoch():
    settings = SMALL_SETTINGS.changed(epochs=3, train_images=500)
    racers = [runs.new(SMALL, settings, "mnist-sample", "cpu", name=name) for name in "AB"]
    for run in racers:
        runs.launch(run, control={"in_turns": True})
    apart = []
    deadline = time.monotonic() + 200
    while any(run.state in runs.ACTIVE for run in racers) and time.monotonic() < deadline:
        done = [sum(row["kind"] == "epoch" for row in run.metrics()) for run in racers]
        apart.append(abs(done[0] - done[1]))
        time.sleep(0.05)
    assert [run.state for run in racers] == ["finished", "finished"]
    assert max(apart) == 1
    while any(run.is_alive() for run in racers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert queue.tickets() == []
