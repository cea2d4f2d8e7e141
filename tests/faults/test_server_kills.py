"""The real server, killed (SIGKILL) while runs train and wait and a sweep is at work, and started
again: all goes on, nothing is lost, and no run has two workers. On request: `CNN_FAULTS=long`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import ConnectionClosed

from benchmarks.visitors import Visitor
from cnn import runs
from cnn.runs import queue
from cnn.runs.sweep_parameters import parse_parameter
from cnn.runs.sweeps import Sweep, new_sweep
from tests.browsing import served, server_of
from tests.faults.conftest import KILLS, LONG, NETWORK, SETTINGS, occupy_cpu
from tests.faults.processes import half_written, kill, living, wait_for
from tests.faults.test_kills import result, undisturbed

pytestmark = pytest.mark.skipif(not LONG, reason="CNN_FAULTS=long kills the server")

SERVER_KILLS = max(1, KILLS // 4)
MOMENTS = ("as it launches", "while it trains", "while it waits", "amid a sweep", "as it measures")
TRIALS = (0.002, 0.01)  # the learning rates of a sweep


class Server:
    """`streamlit run app.py`, started, killed and visited."""

    def __init__(self, log: Path):
        self._log, self._open = log, contextlib.ExitStack()
        self.url, self.errors = "", list[str]()

    def start(self) -> None:
        """Start it, with a worker in standby as anywhere else."""
        self._open.close()
        self.url = self._open.enter_context(served(self._log, CNN_STANDBY="1"))

    def kill(self) -> None:
        """SIGKILL, and nothing else."""
        process = server_of(self.url)
        process.kill()
        process.wait(10)

    def close(self) -> None:
        """End what still runs of it."""
        self._open.close()

    def visit(self, query: str, page: str, label: str = "", more: str = "") -> Visitor:
        """Open a page, choose `more` on Compare, and press the button `label` there, if any."""
        visitor = Visitor(self.url, query)
        asyncio.run(self._visit(visitor, page, label, more))
        self.errors += visitor.errors
        return visitor

    async def _visit(self, visitor: Visitor, page: str, label: str, more: str) -> None:
        await visitor.enter()
        await visitor.go(page)
        if more:
            (chosen,) = [one for one in visitor.shown if one.label == "What to try"]
            state = WidgetState(id=chosen.id)
            state.string_array_value.data.append(more)
            visitor.states[chosen.id] = state
            await visitor.rerun()
        if label:
            await visitor.press(label)
        await visitor.leave()

    def killed_as_it_launches(self, run: runs.Run, until: Callable[[], bool]) -> None:
        """Press *Start again* on Train; kill it once `until` says so, answered or not."""

        async def press() -> None:
            visitor = Visitor(self.url, f"run={run.id}")
            await visitor.enter()
            await visitor.go("train")
            pressed = asyncio.create_task(visitor.press("Start again"))
            while not until():
                await asyncio.sleep(0.001)
            self.kill()
            with contextlib.suppress(ConnectionClosed):
                await pressed

        asyncio.run(press())


@pytest.fixture
def server(tmp_path: Path, runs_folder: Path) -> Iterator[Server]:
    made = Server(tmp_path / "server.log")
    made.start()
    yield made
    made.close()
    kill(of_folder(runs_folder))


def new(name: str = "") -> runs.Run:
    return runs.new(NETWORK, SETTINGS, "mnist-sample", "cpu", name=name)


def workers_begun(run: runs.Run) -> int:
    """How many processes have begun to train it, ever."""
    return run.log().count(f" trains {run.id}")


def of_folder(folder: Path) -> list[psutil.Process]:
    """All processes that were started for this runs' folder, this one aside."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            is_ours = process.environ().get("CNN_RUNS_DIR") == str(folder)
            if is_ours and process.pid != os.getpid() and process.status() != "zombie":
                found.append(process)
    return found


def ends(run: runs.Run) -> None:
    wait_for(lambda: run.state not in runs.ACTIVE and not run.is_alive(), run)
    assert run.state == "finished", f"{run.status()}\n{run.log()}"


class Killer:
    """Kills the server at the moments that are asked for; each function gives the runs it made."""

    def __init__(self, server: Server, chance: random.Random, folder: Path):
        self.server, self.chance, self.folder = server, chance, folder
        self.seen = Counter[str]()

    def _kill_within(self, seconds: float) -> None:
        threading.Event().wait(self.chance.random() * seconds)
        self.server.kill()

    def _same_after(self, runs_before: list[runs.Run]) -> None:
        """Start the server again: it changes nothing about who works on these runs."""
        before = {run.id: {one.pid for one in living(run.id)} for run in runs_before}
        self.server.start()
        for run in runs_before:
            self.server.visit(f"run={run.id}", "train")
            after = {one.pid for one in living(run.id)}
            assert after <= before[run.id], f"{run.log()}"  # it may have ended meanwhile

    def as_it_launches(self) -> list[runs.Run]:
        run = new("Launched")
        begun = time.monotonic()
        wait = self.chance.random() * 0.4
        sign = self.chance.choice(
            [
                lambda: time.monotonic() > begun + wait + 1.0,
                lambda: run.files.lock.exists(),
                lambda: run.is_alive(),
                lambda: run.files.process.exists(),
            ]
        )
        self.server.killed_as_it_launches(run, sign)
        wait_for(lambda: not run.is_alive() or workers_begun(run) or run.metrics(), run)
        self.seen["  launched" if run.is_alive() else "  not launched yet"] += 1
        self.server.start()
        if run.state not in (*runs.ACTIVE, "finished"):
            label = "Resume" if run.can_resume() else "Start again"
            self.server.visit(f"run={run.id}", "train", label)
        ends(run)
        return [run]

    def while_it_trains(self) -> list[runs.Run]:
        run, behind = new("Trains"), new("Waits behind it")
        for one in (run, behind):
            self.server.visit(f"run={one.id}", "train", "Start again")
        wait_for(lambda: run.last_status().get("step", 0) > 0, run)
        self._kill_within(2.0)
        self.seen["  it trained on" if run.is_alive() else "  it had ended"] += 1
        self._same_after([run, behind])
        ends(run)
        ends(behind)
        assert workers_begun(run) == workers_begun(behind) == 1
        return [run, behind]

    def while_it_waits(self) -> list[runs.Run]:
        busy, lock = occupy_cpu("Before it")
        waiting = [new("First"), new("Second")]
        for one in waiting:
            self.server.visit(f"run={one.id}", "train", "Start again")
        wait_for(lambda: all("queue" in one.status().get("message", "") for one in waiting))
        self._kill_within(0.5)
        self._same_after(waiting)
        places = [runs.place(one) for one in waiting]
        assert [place.number if place else 0 for place in places] == [1, 2]
        lock.release()
        for one in waiting:
            ends(one)
            assert workers_begun(one) == 1
        busy.delete()
        return waiting

    def amid_a_sweep(self) -> list[runs.Run]:
        sweep = self._sweep()
        self.server.visit("", "compare", "Go on", more="Sweep")
        wait_for(lambda: sweep.state == "running")
        self._kill_within(8.0)
        self.seen[f"  sweep {sweep.state}"] += 1
        self.server.start()
        self.server.visit("", "compare", more="Sweep")
        wait_for(lambda: sweep.state == "finished")
        made = [runs.open_run(trial["run"]) for trial in sweep.trials()]
        assert [trial["values"]["learning_rate"] for trial in sweep.trials()] == list(TRIALS)
        for run in made:
            assert run.state == "finished" and workers_begun(run) == 1
        return [run for run in made if run.config.settings == SETTINGS]

    def _sweep(self) -> Sweep:
        values = ",".join(map(str, TRIALS))
        return new_sweep(new("Base").config, [parse_parameter(f"learning_rate={values}")])

    def as_it_measures(self) -> list[runs.Run]:
        self.server.visit("", "train", "Measure")
        self._kill_within(4.0)
        wait_for(lambda: not of_folder(self.folder))  # job and standby go with their server
        self.server.start()
        return []


def test_the_server_is_killed_and_nothing_is_lost(runs_folder, server):
    seed = random.randrange(10**6)
    print("seed", seed)
    wanted = result(undisturbed("cpu"))
    killer = Killer(server, random.Random(seed), runs_folder)
    for number in range(SERVER_KILLS):
        moment = MOMENTS[number % len(MOMENTS)]
        made = getattr(killer, moment.replace(" ", "_"))()
        killer.seen[moment] += 1
        for run in made:
            weights, epochs, steps = result(run)
            assert weights == wanted[0], f"seed {seed}, {moment}: other weights"
            assert epochs == wanted[1], f"seed {seed}, {moment}: other figures"
            assert steps == sorted(set(steps)), f"seed {seed}, {moment}: a step stands twice"
            assert not list(half_written(run))
        assert not server.errors, server.errors
        assert not queue.tickets()
        for run in runs.list_runs():
            run.delete()
    server.close()
    wait_for(lambda: not of_folder(runs_folder))
    print(f"{SERVER_KILLS} kills:", dict(killer.seen))
