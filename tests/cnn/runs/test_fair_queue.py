"""On a class server: one run of each workspace after another; nobody keeps a device for long."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn import runs
from cnn.common import workspaces
from cnn.runs import locks, queue, time_limits
from cnn.runs.device_options import Option
from cnn.runs.file_control import FileControl
from cnn.runs.folders import changing_runs
from cnn.runs.queue import Ticket
from cnn.runs.worker import run_worker
from cnn.training.resuming import Position
from tests.conftest import SMALL, SMALL_SETTINGS
from ui.live.payloads import progress_text

A, B, C = ("v" + letter * 22 for letter in "abc")
CPU = (Option("cpu", ("cpu",)),)


@pytest.fixture(autouse=True)
def class_server(monkeypatch):
    monkeypatch.setenv("CNN_CLASS", "1")
    monkeypatch.setenv("CNN_MIN_FREE_BYTES", "0")


@pytest.fixture
def held() -> Iterator[dict[str, locks.Lock]]:
    """The locks of the runs that wait or train, by name."""
    found: dict[str, locks.Lock] = {}
    yield found
    for lock in found.values():
        lock.release()


def wait(workspace: str, name: str, held: dict[str, locks.Lock]) -> runs.Run:
    with workspaces.working_in(workspace):
        run = runs.new(SMALL, SMALL_SETTINGS, "mnist-sample", "cpu", name=name)
    lock = locks.Lock.take(run.files.lock)
    assert lock
    held[name] = lock
    with changing_runs():
        queue.take_ticket(run)
    ticket = queue.own_ticket(run)
    assert ticket
    dataclasses.replace(ticket, options=CPU).write()
    return run


def served(held: dict[str, locks.Lock]) -> list[str]:
    """Let all that wait train one after another; the order in which they do."""
    order = []
    while waiting := [ticket.run for ticket in queue.tickets()]:
        (now,) = [run for run in waiting if queue.try_start(run, CPU)]
        order.append(now.name)
        held.pop(now.name).release()
    return order


def test_one_run_of_each_workspace_after_another(runs_folder, held):
    for number in range(3):
        wait(A, f"a{number}", held)
    wait(B, "b0", held)
    wait(C, "c0", held)
    wait(C, "c1", held)
    first = [ticket.run.name for ticket in queue.tickets()]
    assert first == ["a0", "b0", "c0", "a1", "c1", "a2"]
    assert served(held) == first


def test_whoever_was_served_last_comes_last_although_the_queue_was_empty(runs_folder, held):
    for name, workspace in (("b0", B), ("a0", A)):
        assert queue.try_start(wait(workspace, name, held), CPU)
        held.pop(name).release()
    wait(A, "a1", held)  # as soon as its first has ended
    wait(B, "b1", held)
    wait(C, "c0", held)
    assert served(held) == ["c0", "b1", "a1"]


@given(
    st.lists(st.sampled_from([A, B, C, None]), max_size=12),
    st.dictionaries(st.sampled_from([A, B, C]), st.integers(0, 5)),
)
def test_turns_are_fair(owners, before):
    waiting = [
        Ticket(queue._folder() / f"{number:09d}.json", f"run{number}", owner)
        for number, owner in enumerate(owners, 1)
    ]
    order = queue.in_turns(waiting, before)
    assert sorted(t.number for t in order) == [t.number for t in waiting]
    for owner in set(owners):  # within a workspace as they came
        mine = [t.number for t in order if t.workspace == owner]
        assert mine == sorted(mine)
    for place, ticket in enumerate(order):  # nobody has more than one turn ahead of another's
        ahead = [t.workspace for t in order[:place]]
        for other in set(ahead) - {ticket.workspace}:
            assert ahead.count(other) <= ahead.count(ticket.workspace) + 1
    if set(owners) <= {None}:
        assert order == waiting


def test_a_place_in_the_queue_names_no_run_of_another(runs_folder, held):
    first = wait(A, "Secret", held)
    assert queue.try_start(first, CPU)
    second, third = wait(A, "a1", held), wait(B, "b0", held)
    own, other = runs.place(second), runs.place(third)
    assert own and "behind Secret" in own.text
    assert other and other.number == 1 and "behind a run of another workspace" in other.text
    first.write_status(state="paused")
    place = runs.place(third)
    assert place and "(paused: it gives way after 1 minute)" in place.text


def test_a_forged_ticket_leads_nowhere(runs_folder, held):
    run = wait(A, "a0", held)
    ticket = queue.own_ticket(run)
    assert ticket
    text = ticket.file.read_text()
    for workspace in ("../..", "x", "class/../..", 7):
        ticket.file.write_text(text.replace(f'"{A}"', repr(workspace).replace("'", '"')))
        assert queue.tickets() == []


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time_limits, "time", made)
    return made


def test_a_long_pause_gives_way_to_who_waits(runs_folder, held, clock):
    first = wait(A, "a0", held)
    assert queue.try_start(first, CPU)
    control = FileControl(first)
    control.begin()
    first.files.control.write_text('{"paused": true}')
    assert not control.stop and control.paused
    clock.now += 500
    assert not control.stop  # nobody waits
    wait(B, "b0", held)
    clock.now += 2
    assert control.stop and control.stop
    status = {"state": "stopped", "stopped_for": control.stopped_for}
    assert "paused for 1 minute while others waited, it gave way" in progress_text(status)


def test_whatever_is_asked_meanwhile_a_pause_counts_from_its_beginning(runs_folder, held, clock):
    first = wait(A, "a0", held)
    assert queue.try_start(first, CPU)
    wait(B, "b0", held)
    control = FileControl(first)
    control.begin()
    first.files.control.write_text('{"paused": true}')
    assert not control.stop
    clock.now += 50
    assert not control.stop
    first.files.control.write_text('{"paused": true, "learning_rate": 0.002}')
    clock.now += 5
    assert not control.stop
    first.files.control.write_text('{"paused": false}')  # for a moment
    assert not control.stop
    clock.now += 1
    assert not control.stop
    first.files.control.write_text('{"paused": true, "learning_rate": 0.003}')
    assert not control.stop
    clock.now += 10
    assert control.stop


def test_epochs_asked_for_in_a_pause_take_of_the_runs_time(runs_folder, held, clock):
    first = wait(A, "a0", held)
    assert queue.try_start(first, CPU)
    wait(B, "b0", held)
    control, position = FileControl(first), Position()
    control.begin(position)
    first.files.control.write_text('{"paused": true, "until_epoch": 9}')
    for _ in range(11):  # 55 seconds each, of its 600
        assert not control.stop
        clock.now += 55
        position.step += 1
    assert control.stop
    assert "it has had its 10 minutes of training" in (control.stopped_for or "")


def test_a_pause_on_ones_own_machine_keeps_its_device(runs_folder, held, clock, monkeypatch):
    monkeypatch.delenv("CNN_CLASS")
    first = wait(A, "a0", held)
    assert queue.try_start(first, CPU)
    wait(B, "b0", held)
    control = FileControl(first)
    control.begin()
    first.files.control.write_text('{"paused": true}')
    assert not control.stop
    clock.now += 1e6
    assert not control.stop


def test_a_run_whose_time_is_over_ends_and_is_not_begun_again(monkeypatch, runs_folder):
    monkeypatch.setenv("CNN_MAX_SECONDS", "1")
    monkeypatch.setenv("CNN_MAX_EPOCHS", "none")
    with workspaces.working_in(A):
        run = runs.new(SMALL, SMALL_SETTINGS.changed(epochs=200), "mnist-sample", "cpu")
        assert run_worker(run, background=False) == "stopped"
        status = run.status()
        assert "it has had its 1 second of training" in progress_text(status)
        assert run.has_weights and "test_accuracy" in status
        run.write_status(**{**status, "train_seconds": 1.1})
        with pytest.raises(runs.RunError, match="a run may take 1 second here"):
            runs.launch(run)
