"""Whose turn it is, on machines with other devices than this one has: their lists are made up."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from cnn import runs
from cnn.cli import main
from cnn.runs import device_options, forecast, locks, queue, speeds
from cnn.runs.device_options import Option
from cnn.runs.folders import changing_runs
from cnn.training import gpu_meter
from cnn.training.devices import Device, list_devices
from tests.conftest import SMALL, SMALL_SETTINGS

GB = 10**9
CPU = Device("cpu", "CPU", True, 8 * GB, 16 * GB)
MPS = Device("mps", "Apple GPU", False)


def gpu(index: int, uuid: str) -> Device:
    return Device(
        f"cuda:{index}",
        uuid,
        True,
        20 * GB,
        24 * GB,
        uuid=f"GPU-{uuid}",
    )


A, B = gpu(0, "a"), gpu(1, "b")
ALL = Device("cuda:all", "All", True, uuid="GPU-a,GPU-b")
TWO_GPUS = [CPU, A, B, ALL]
FREE = {"GPU-a": 20 * GB, "GPU-b": 22 * GB}

Queue = Callable[..., runs.Run]


@pytest.fixture
def held() -> Iterator[list[locks.Lock]]:
    """The locks of the runs that wait or train, in the order in which they came."""
    found: list[locks.Lock] = []
    yield found
    for lock in found:
        lock.release()


@pytest.fixture
def wait(runs_folder, held) -> Queue:
    """`wait("auto", TWO_GPUS)`: a run that has a ticket and knows where it can train."""

    def make(wanted: str, devices: list[Device] | None = None, name: str = "") -> runs.Run:
        run = runs.new(SMALL, SMALL_SETTINGS, "mnist-sample", wanted, name=name)
        lock = locks.Lock.take(run.files.lock)
        assert lock
        held.append(lock)
        with changing_runs():
            queue.take_ticket(run)
            ticket = queue.own_ticket(run)
            assert ticket
            options = device_options.options_among(devices, wanted) if devices else None
            dataclasses.replace(ticket, options=options).write()
        return run

    return make


def merit(option: Option) -> tuple[bool, int]:
    return True, FREE[option.lock_names[0]]


def start(run: runs.Run, by: Callable[[Option], tuple[bool, int]] = merit) -> str | None:
    """Where `run` trains if it is its turn."""
    ticket = queue.own_ticket(run)
    assert ticket and ticket.options is not None
    chosen = queue.try_start(run, ticket.options, by)
    return chosen.device if chosen else None


def leave(run: runs.Run) -> None:
    ticket = queue.own_ticket(run)
    assert ticket
    ticket.file.unlink()


@pytest.mark.parametrize(
    ("wanted", "devices", "ids"),
    [
        ("auto", TWO_GPUS, ["cuda:0", "cuda:1"]),
        ("auto", [CPU, MPS], ["mps"]),
        ("auto", [CPU], ["cpu"]),
        ("cuda", TWO_GPUS, ["cuda:0"]),
        ("cuda:1", TWO_GPUS, ["cuda:1"]),
        ("cuda:9", TWO_GPUS, []),
        ("cuda:all", TWO_GPUS, ["cuda:all"]),
        ("cuda:all", [CPU, A], ["cuda:0"]),  # one GPU needs no second process
    ],
)
def test_where_a_run_can_train(wanted, devices, ids):
    assert [option.device for option in device_options.options_among(devices, wanted)] == ids


def test_what_is_known_without_torch(runs_folder, monkeypatch):
    def options(device: str):
        return device_options.options_without_torch(
            runs.new(SMALL, SMALL_SETTINGS, "mnist-sample", device)
        )

    monkeypatch.setattr(gpu_meter, "count", lambda: 0)
    monkeypatch.setattr(sys, "platform", "linux")
    cpu = (Option("cpu", ("cpu",)),)
    assert options("auto") == options("cpu") == cpu
    assert options("cpu:2") == (Option("cpu:2", ("cpu",)),)
    assert options("cuda:0") == ()  # no such device: training says so
    monkeypatch.setattr(gpu_meter, "count", lambda: 2)
    assert options("auto") is options("cuda:0") is options("cuda:all") is None
    assert options("cpu") == cpu


def test_two_starts_take_two_gpus_and_the_third_waits_for_either(wait):
    first, second, third = (wait("auto", TWO_GPUS) for _ in range(3))
    assert start(first) == "cuda:1"  # the one with more free memory
    assert start(second) == "cuda:0"
    assert start(third) is None
    assert runs.device_holder(["GPU-a"]) == second
    leave(second)
    assert start(third) == "cuda:0"


def test_a_gpu_on_which_others_compute_is_taken_last(wait):
    first, second = wait("auto", TWO_GPUS), wait("auto", TWO_GPUS)
    busy = {"GPU-a": (True, 1 * GB), "GPU-b": (False, 22 * GB)}
    by = lambda option: busy[option.lock_names[0]]  # noqa: E731
    assert (start(first, by), start(second, by)) == ("cuda:0", "cuda:1")


def test_the_same_gpu_under_another_number_is_the_same_gpu(wait):
    """Two processes with another CUDA_VISIBLE_DEVICES number them in their own ways."""
    first = wait("cuda:0", [CPU, gpu(0, "b")])
    second, third = wait("cuda:1", TWO_GPUS), wait("cuda:0", TWO_GPUS)
    assert start(first) == "cuda:0"
    assert start(second) is None
    assert start(third) == "cuda:0"


def test_first_come_first_served_whoever_looks_first(wait):
    made = [wait("cpu", [CPU]) for _ in range(4)]
    for number, run in enumerate(made):
        assert [start(later) for later in reversed(made[number + 1 :])] == [None] * (3 - number)
        assert start(run) == "cpu"
        leave(run)


def test_a_later_one_for_an_idle_device_need_not_wait(wait):
    made = [wait("cuda:0", TWO_GPUS), wait("cuda:0", TWO_GPUS), wait("cuda:1", TWO_GPUS)]
    assert [start(run) for run in made] == ["cuda:0", None, "cuda:1"]
    assert start(wait("cpu", TWO_GPUS)) == "cpu"


def test_all_gpus_are_kept_for_one_that_waits_for_all(wait):
    one, both, later = wait("cuda:0", TWO_GPUS), wait("cuda:all", TWO_GPUS), wait("auto", TWO_GPUS)
    assert start(one) == "cuda:0"
    assert start(both) is None
    assert start(later) is None  # else it might wait for ever
    leave(one)
    assert start(later) is None
    assert start(both) == "cuda:all"
    leave(both)
    assert start(later) == "cuda:1"


def test_nobody_overtakes_one_that_is_finding_out_what_it_wants(wait, monkeypatch):
    monkeypatch.setattr(gpu_meter, "count", lambda: 2)
    first, second = wait("auto"), wait("auto", TWO_GPUS)
    assert start(second) is None
    leave(first)
    assert start(second) == "cuda:1"


def test_a_run_that_died_blocks_nobody_and_its_ticket_goes(wait, held):
    first, second = wait("cpu", [CPU]), wait("cpu", [CPU])
    assert start(first) == "cpu"
    held.pop(0).release()
    assert runs.device_holder(["cpu"]) is None
    assert start(second) == "cpu"
    third = wait("cpu", [CPU])
    assert [ticket.run_id for ticket in queue.tickets()] == [second.id, third.id]
    assert len(list(queue._folder().glob("*.json"))) == 2


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"run": 3, "options": 7, "taken": [1]}'])
def test_a_damaged_ticket_is_nobodys(wait, content):
    first, second = wait("cpu", [CPU]), wait("cpu", [CPU])
    ticket = queue.own_ticket(first)
    assert ticket
    ticket.file.write_text(content)
    assert start(second) == "cpu"


def test_the_turn_asks_what_devices_there_are_and_holds_one_to_the_end(wait, monkeypatch):
    monkeypatch.setattr(gpu_meter, "count", lambda: 2)
    run, asked = wait("auto"), []

    def find(_run: runs.Run, wanted: str) -> list[Device]:
        asked.append(wanted)
        return TWO_GPUS

    with queue.turn(run, "auto", lambda: False, lambda: None, find) as device:
        assert device in ("cuda:0", "cuda:1")
        assert runs.device_holder([A.uuid if device == "cuda:0" else B.uuid]) == run
    assert asked == ["auto"]
    assert queue.tickets() == []


def test_a_stop_ends_the_wait(wait):
    first, second = wait("cpu", [CPU]), wait("cpu", [CPU])
    assert start(first) == "cpu"
    told = threading.Event()
    with queue.turn(second, "cpu", told.is_set, told.set) as device:
        assert device is None
    assert [ticket.run_id for ticket in queue.tickets()] == [first.id]


# --- what is said to who waits


def test_the_time_of_several_is_that_of_the_soonest_device(wait):
    made = [wait("auto", TWO_GPUS, name=f"Run {number}") for number in range(5)]
    assert {start(run) for run in made[:2]} == {"cuda:0", "cuda:1"}
    for run, left in zip(made[:2], (300.0, 100.0), strict=True):
        run.write_status(state="running", seconds_left=left)
    for device in ("cuda:0", "cuda:1"):
        speeds.remember(SMALL, SMALL_SETTINGS, device, speeds.Speed(100.0))
    expected = forecast.forecast(SMALL, SMALL_SETTINGS, "mnist-sample", "cuda:0", False)
    assert expected
    places = [runs.place(run) for run in made]
    assert places[:2] == [None, None]
    waiting = [place for place in places if place]
    assert [place.number for place in waiting] == [1, 2, 3]
    soonest = [100.0, 100.0 + expected.whole, 100.0 + 2 * expected.whole]
    assert [place.seconds for place in waiting] == pytest.approx(soonest)
    assert {place.behind for place in waiting} == {made[1]}
    assert waiting[2].text == "3rd in the queue for cuda:0, behind Run 1 and 2 others"
    assert waiting[2].text_with_time.endswith("others · starts in about 4 minutes")


def test_the_command_line_says_it_too(wait, capsys):
    first, second = wait("cpu", [CPU], name="First"), wait("cpu", [CPU], name="Second")
    assert start(first) == "cpu"
    first.write_status(state="running", seconds_left=90.0)
    assert main(["runs"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    waits = "Next in the queue for cpu, behind First · starts in about 1 minute and 30 seconds"
    assert lines[second.id].endswith(f"Second  ({waits})") and "queued" in lines[second.id]
    assert lines[first.id].endswith("First") and "running" in lines[first.id]


def test_who_does_not_wait_has_no_place(wait):
    assert runs.place(runs.new(SMALL, SMALL_SETTINGS, "mnist-sample")) is None


# --- what this machine has


def test_every_device_says_what_a_training_on_it_takes():
    found = list_devices()
    assert found[0].lock_names == ("cpu",)
    assert all(device.lock_names for device in found)


def test_the_command_line_lists_devices_for_programs():
    command = [sys.executable, "-m", "cnn", "devices", "--json"]
    rows = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert [row["id"] for row in rows] == [device.id for device in list_devices()]
    assert [device.id for device in device_options.ask_devices()] == [row["id"] for row in rows]
