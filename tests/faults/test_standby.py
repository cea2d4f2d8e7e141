"""A worker in standby is killed, raced for, and left by its server."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cnn import runs
from cnn.common import workspaces
from cnn.runs import standby
from cnn.runs.channel import Channel
from tests.faults.conftest import NETWORK, SETTINGS, on_request
from tests.faults.processes import ROOT, at_once, living, press_the_button, wait_for
from tests.standby import allowed, begin, wait_until_ready

_SERVER = """
import signal, sys, time
from cnn.common import workspaces
from cnn.runs import standby
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
standby.LEAST_MEMORY = 0
standby.start()
while not standby.state()[1]: time.sleep(0.05)
print(standby.state()[0], flush=True)
sys.stdin.read()
"""
ENDS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


@pytest.fixture(scope="module", autouse=True)
def runs_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One for all: a worker in standby serves one folder."""
    folder = tmp_path_factory.mktemp("runs")
    with allowed(folder):
        yield folder


@pytest.fixture
def waiting() -> psutil.Process:
    """The process that waits, ready."""
    return begin()


def new() -> runs.Run:
    return runs.new(NETWORK, SETTINGS.changed(epochs=200), "mnist-sample", "cpu")


def workers(run: runs.Run) -> set[int]:
    """All processes that work on a run: by their command, or as the run's own file names them."""
    named = runs.run.read_json(run.files.process)["pid"]
    return {process.pid for process in living(run.id)} | {named} & set(psutil.pids())


def learns(run: runs.Run) -> None:
    wait_for(run.metrics, run)
    assert len(workers(run)) == 1


def stop(run: runs.Run) -> None:
    run.send(stop=True)
    wait_for(lambda: not run.is_alive(), run)
    assert run.state == "stopped"


@on_request
def test_killed_before_it_is_handed_a_run_the_launch_falls_back(waiting, made):
    waiting.kill()
    run = new()
    runs.launch(run)
    learns(run)
    assert waiting.pid not in workers(run)
    assert wait_until_ready(but=waiting.pid).is_running()  # another has taken its place
    stop(run)


@pytest.mark.parametrize(
    "moment", ["before it answers", pytest.param("once it has answered", marks=on_request)]
)
def test_killed_while_it_is_handed_a_run_the_launch_falls_back(waiting, monkeypatch, moment):
    receive, run = Channel.receive, new()

    def killing(channel: Channel, seconds: float | None = None) -> object:
        waiting.suspend() if moment == "before it answers" else None
        answer = receive(channel, seconds) if moment != "before it answers" else None
        waiting.kill()
        waiting.wait()
        held.append(run.is_alive())
        return answer

    held: list[bool] = []
    monkeypatch.setattr(Channel, "receive", killing)
    runs.launch(run)
    monkeypatch.undo()
    assert held == [True]  # the launch holds the lock as well
    learns(run)
    assert waiting.pid not in workers(run)
    stop(run)


@on_request
def test_too_slow_to_answer_it_is_killed_and_never_trains(waiting, monkeypatch):
    monkeypatch.setattr(standby, "ANSWER_SECONDS", 0.2)
    run = new()
    waiting.suspend()
    runs.launch(run)
    assert not waiting.is_running()
    learns(run)
    stop(run)


def test_killed_after_it_was_handed_a_run_it_is_interrupted_as_any(waiting):
    run = new()
    runs.launch(run)
    assert workers(run) == {waiting.pid}
    learns(run)
    waiting.kill()
    wait_for(lambda: not run.is_alive())
    assert run.state == "interrupted"
    press_the_button(run)
    wait_for(lambda: run.state == "running", run)
    assert len(workers(run)) == 1
    stop(run)


def test_two_launches_at_once_with_one_in_standby(waiting):
    first, second = new(), new()
    said = at_once(lambda: runs.launch(first), lambda: runs.launch(second))
    assert said == ["ok", "ok"]
    wait_for(lambda: first.metrics() or second.metrics())
    both = workers(first) | workers(second)
    assert len(both) == 2 and waiting.pid in both
    for run in sorted((first, second), key=lambda run: run.state == "running"):
        stop(run)


@on_request
def test_two_launches_of_one_run_with_one_in_standby(waiting):
    run = new()
    said = at_once(lambda: runs.launch(run), lambda: runs.launch(run))
    assert sorted(answer == "ok" for answer in said) == [False, True], said
    learns(run)
    assert workers(run) == {waiting.pid}
    stop(run)


@on_request
def test_it_does_not_outlive_its_server_however_that_ends():
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _SERVER],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in ENDS
    ]
    pids = [int(server.stdout.readline()) for server in started if server.stdout]
    assert len(set(pids)) == len(ENDS) and all(map(psutil.pid_exists, pids))
    for server, how in zip(started, ENDS, strict=True):
        server.send_signal(how)
    for server in started:
        server.wait(30)
    wait_for(lambda: not any(map(psutil.pid_exists, pids)))


def test_it_trains_in_its_runs_workspace_and_a_kill_there_loses_nothing(waiting, made):
    with workspaces.working_in("v" + "s" * 22):
        run = new()
        runs.launch(run)
        learns(run)
        assert workers(run) == {waiting.pid}
        run.send(paused=True)
        wait_for(lambda: run.state == "paused", run)
        step = run.status()["step"]
        waiting.kill()
        wait_for(lambda: not run.is_alive(), run)
        assert run.state == "interrupted" and run.can_resume()
        runs.launch(run)
        wait_for(lambda: run.status().get("step", 0) > step and run.state == "running", run)
        stop(run)
