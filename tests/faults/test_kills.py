"""Workers killed at random moments: every run goes on by its page's own button, and ends with the
very weights and figures of a run that nothing disturbed."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import psutil
import pytest
from safetensors.torch import load_file

from cnn import runs
from cnn.runs import starting, worker
from tests.faults.conftest import KILLS, LONG, NETWORK, SETTINGS, occupy_cpu
from tests.faults.nursery import Nursery
from tests.faults.processes import half_written, kill, living, press_the_button, wait_for

# Kills for each kind of worker: four moments in turn, over and over. "forked": see `nursery`.
# In a usual run those below kill processes of several.
OF_KIND = {"cpu": 4}
if LONG:
    FEW = KILLS // 10
    OF_KIND = {"cpu": 2 * FEW, "cpu:2": FEW, "cpu, forked": KILLS - 3 * FEW}
PER_RUN = {"cpu": 4, "cpu:2": 2, "cpu, forked": 4}  # kills of one run before it may end
SOON = 60.0 if LONG else 10.0  # the long form may share the machine with anybody


def undisturbed(device: str) -> runs.Run:
    run = runs.new(NETWORK, SETTINGS, "mnist-sample", device, name="Undisturbed")
    if device == "cpu":
        worker.run_worker(run, background=False)  # PyTorch is loaded here already
    else:
        runs.launch(run)
        wait_for(lambda: not run.is_alive(), run)
    assert run.state == "finished", run.log()
    return run


def result(run: runs.Run) -> tuple[dict, list[dict], list[float]]:
    """What training gives: weights, the epochs' figures, the steps whose losses are known."""
    weights = {name: t.numpy().tobytes() for name, t in load_file(run.files.weights).items()}
    epochs = [dict(row) for row in run.metrics() if row["kind"] == "epoch"]
    for row in epochs:
        row.pop("seconds")
    reports = [row for row in run.metrics() if row["kind"] == "report"]
    return weights, epochs, [point[0] for row in reports for point in row["losses"]]


class Killer:
    """Kills the workers of one run at the moments that are asked for."""

    def __init__(self, run: runs.Run, chance: random.Random, pressed: Counter[str]):
        self.run, self.chance, self.pressed = run, chance, pressed
        self.met = 0  # how often there was somebody to kill
        self.living = living

    def press(self) -> None:
        """Start the run, by the button that the page has for it."""
        self.pressed[press_the_button(self.run)] += 1

    def queued(self) -> None:
        """While it waits for its turn, behind a run that has the CPU."""
        other, lock = occupy_cpu("Before it")
        self.press()
        wait_for(lambda: "Before it" in self.run.status().get("message", ""), self.run)
        self._kill(self.living(self.run.id))
        lock.release()
        other.delete()

    def first_epoch(self) -> None:
        """At some point from the start of the process to the end of the epoch that it is in."""
        self.press()
        if self.chance.random() < 0.5:
            step = self.run.last_status().get("step", 0)
            self._until(lambda: self.run.last_status().get("step", 0) > step)
        self._kill_within(1.0)

    def mid_write(self) -> None:
        """While a file is half written."""
        self.press()
        kinds = self.chance.choice([".live", ".resume", ".epoch", ".status", "."])
        self._until(lambda: any(f.name.startswith(kinds) for f in half_written(self.run)), 0.0)
        self._kill_within(0.0)

    def last_epoch(self) -> None:
        """In the last epoch, or while the test set is scored."""
        self.press()
        self._until(lambda: self.run.last_status().get("epoch", 0) >= SETTINGS.epochs - 1)
        self._kill_within(0.6)

    def _until(self, condition: Callable[[], object], tick: float = 0.005) -> None:
        """Until then, or the run's own end."""
        deadline = time.monotonic() + 600
        while not condition() and self.run.is_alive() and time.monotonic() < deadline:
            if tick:
                threading.Event().wait(tick)

    def _kill_within(self, seconds: float) -> None:
        threading.Event().wait(self.chance.random() * seconds)
        processes = self.living(self.run.id)
        if len(processes) > 1:  # the one that watches, and those that train
            watcher, *ranks = processes
            victims = [processes, [watcher], [self.chance.choice(ranks)]]
            processes = self.chance.choice(victims)
        self._kill(processes)

    def _kill(self, processes: list[psutil.Process]) -> None:
        self.met += bool(processes)
        kill(processes)


@pytest.fixture
def nursery(runs_folder, monkeypatch) -> Iterator[Nursery]:
    """Workers that are forked, for the launches of this test."""
    made = Nursery()
    monkeypatch.setattr(starting, "_start", made.start)
    yield made
    made.close()


@pytest.mark.parametrize("kind", list(OF_KIND))
def test_killed_at_random_moments_every_run_ends_as_if_undisturbed(runs_folder, kind, request):
    device, _, forked = kind.partition(", ")
    find = request.getfixturevalue("nursery").living if forked else living
    seed = random.randrange(10**6)
    print("seed", seed)
    chance, seen, pressed = random.Random(seed), Counter[str](), Counter[str]()
    wanted = result(undisturbed(device))
    assert len(wanted[1]) == SETTINGS.epochs
    moments = ["queued", "first_epoch", "mid_write", "last_epoch"]
    done = met = 0
    while done < OF_KIND[kind]:
        run = runs.new(NETWORK, SETTINGS, "mnist-sample", device, name=f"Run {done}")
        killer = Killer(run, chance, pressed)
        killer.living = find
        for _ in range(min(PER_RUN[kind], OF_KIND[kind] - done)):
            moment = moments[done % 4] if PER_RUN[kind] == 4 else chance.choice(moments)
            getattr(killer, moment)()
            done += 1
            wait_for(lambda run=run: not run.is_alive(), run)
            seen[f"{moment}: {run.state}"] += 1
            if run.state == "finished":
                break
        if run.state != "finished":
            killer.press()
            wait_for(lambda run=run: not run.is_alive(), run)
        met += killer.met
        assert run.state == "finished", f"seed {seed}: {run.status()}\n{run.log()}"
        weights, epochs, steps = result(run)
        assert weights == wanted[0], f"seed {seed}: other weights"
        assert epochs == wanted[1], f"seed {seed}: other figures"
        assert steps == sorted(set(steps)), f"seed {seed}: a step stands twice"
        assert not list(half_written(run))
        print(f"{kind}: {done} tries, {met} met it alive", flush=True)
    print(f"{kind}: {done} tries, {met} met it alive;", dict(seen), dict(pressed))


def test_a_killed_process_of_several_ends_the_run_within_seconds_with_a_word(runs_folder):
    run = runs.new(NETWORK, SETTINGS.changed(epochs=200), "mnist-sample", "cpu:2")
    for number in (2, 1) if LONG else (2,):
        press_the_button(run)
        wait_for(lambda: run.status().get("step", 0) > 1 and run.state == "running", run)
        kill([rank_of(run, number)])
        began = time.monotonic()
        wait_for(lambda: not run.is_alive(), run)
        assert time.monotonic() - began < SOON
        assert run.state == "failed"
        assert f"Process {number} of 2 was killed (SIGKILL)" in run.status()["message"]
        wait_for(lambda: not living(run.id))


def test_a_leading_process_that_fails_ends_the_run_within_seconds_with_its_own_word(runs_folder):
    run = runs.new(NETWORK, SETTINGS.changed(epochs=200), "mnist-sample", "cpu:2")
    runs.launch(run)
    wait_for(lambda: run.status().get("step", 0) > 1, run)
    began = time.monotonic()

    def in_its_way() -> bool:
        """A folder where the leading process wants to write a file."""
        try:
            run.files.live.unlink(missing_ok=True)
            run.files.live.mkdir()
        except FileExistsError:  # it was written meanwhile
            return False
        return True

    wait_for(in_its_way, run)
    wait_for(lambda: not run.is_alive(), run)
    assert time.monotonic() - began < SOON
    assert run.state == "failed"
    assert "live.json" in run.status()["message"]
    assert "Process 2" not in run.status()["message"]
    wait_for(lambda: not living(run.id))


def rank_of(run: runs.Run, number: int) -> psutil.Process:
    ranks = [process for process in living(run.id) if "--parent" in process.cmdline()]
    return next(p for p in ranks if p.environ()["RANK"] == str(number - 1))


def test_processes_whose_watcher_is_killed_end_before_others_begin(runs_folder):
    run = runs.new(NETWORK, SETTINGS.changed(epochs=200), "mnist-sample", "cpu:2")
    runs.launch(run)
    wait_for(lambda: run.status().get("step", 0) > 1, run)
    watcher, *ranks = living(run.id)
    assert len(ranks) == 2
    kill([watcher])
    assert run.is_alive()  # they train on for a moment, and nobody else may

    def pressed() -> bool:
        try:
            runs.launch(run)
        except runs.RunError as error:
            assert "is being trained already" in str(error)
            return False
        return True

    wait_for(pressed, run)
    assert not {process.pid for process in ranks} & {p.pid for p in living(run.id)}
    step = run.status()["step"]
    assert step > 1  # what they had learned is kept
    wait_for(lambda: run.status().get("step", 0) > step, run)
    run.send(stop=True)
    wait_for(lambda: run.state == "stopped", run)
