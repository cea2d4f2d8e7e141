"""Eight runs wait for one device: in which order they come, and what waiting costs."""

from __future__ import annotations

import threading

from cnn import runs
from tests.faults.conftest import LONG, NETWORK, SETTINGS
from tests.faults.processes import living, wait_for

QUEUED = 8
APART_SECONDS = 0.5 if LONG else 0.0
SEEN = QUEUED if LONG else 2
MOST_MEMORY = 60e6


def test_first_come_first_served_and_waiting_costs_little(busy_cpu):
    made = []
    for number in range(QUEUED):
        run = runs.new(NETWORK, SETTINGS, "mnist-sample", "cpu", name=f"Number {number}")
        runs.launch(run)
        made.append(run)
        threading.Event().wait(APART_SECONDS)
    for number, run in enumerate(made, 1):
        wait_for(lambda run=run: "in the queue" in run.status().get("message", ""), run)
        place = runs.place(run)
        assert place and (place.number, place.behind.name) == (number, "The busy one")
    written = [run.files.status.stat().st_mtime_ns for run in made]

    memory = [process.memory_info().rss for run in made for process in living(run.id)]
    print("MB of each that waits:", [round(each / 1e6, 1) for each in memory])
    assert len(memory) == QUEUED
    assert max(memory) < MOST_MEMORY
    threading.Event().wait(1.0)  # a second in which nothing changes, so nothing is written
    assert [run.files.status.stat().st_mtime_ns for run in made] == written

    order: list[str] = []
    busy_cpu.release()

    def note_who_trains() -> bool:
        holder = runs.device_holder(["cpu"])
        if holder and holder.name not in order:
            order.append(holder.name)
            holder.send(stop=True)  # the next one's turn
        return len(order) == SEEN

    wait_for(note_who_trains)
    print("order:", order)
    assert order == [f"Number {number}" for number in range(SEEN)]
    for run in made:
        run.send(stop=True)
    wait_for(lambda: not any(run.is_alive() for run in made))
    assert {run.state for run in made} == {"stopped"}
