"""The two jobs: each answers, and says in one line why it failed."""

from __future__ import annotations

import io
import json
import sys
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

from cnn.common import workspaces
from cnn.runs import jobs, learning_rate_finder, speeds
from cnn.runs.jobs import Job
from cnn.runs.learning_rate_finder import bounds
from tests.conftest import SMALL, SMALL_SETTINGS

QUESTION = {
    "architecture": SMALL.model_dump(mode="json"),
    "settings": SMALL_SETTINGS.model_dump(mode="json"),
}


def wait(job: Job, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while job.running and time.monotonic() < deadline:
        time.sleep(0.05)


def ask(module: str, **more) -> Job:
    job = Job(module, {**QUESTION, **more})
    wait(job, 120)
    return job


def test_measuring_answers_for_each_device_and_remembers(runs_folder):
    job = ask("speed_test", devices=["cpu", "cuda:99"])
    assert job.error is None and not job.running
    here, missing = job.rows
    assert here["device"] == "cpu" and here["images_per_second"] > 50 and here["memory"] > 10**7
    assert "no device" in missing["error"]
    known = speeds.recall(SMALL, SMALL_SETTINGS, "cpu")
    assert known.measured and known.scored_per_second > 50
    # The page says from the row how long a run takes, and its forecast from what is remembered.
    assert known.scored_per_second == round(here["scored_per_second"], 1)


def test_the_finder_tries_rising_rates_and_suggests_one(
    runs_folder, data_folder, monkeypatch, capsys
):
    question = {**QUESTION, "dataset": "mnist-sample", "device": "cpu"}
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(question)))
    learning_rate_finder.main()  # as a process: tests/browser/test_train.py
    *steps, last = map(json.loads, capsys.readouterr().out.splitlines())
    rates = [row["rate"] for row in steps]
    assert rates == sorted(rates) and len(rates) > 20
    low, high = bounds(SMALL_SETTINGS.optimizer)
    assert low < last["suggestion"] < high


def test_a_job_that_fails_says_why_in_one_line(runs_folder):
    job = ask("learning_rate_finder", dataset="nothing", device="cpu")
    assert job.error and "\n" not in job.error


def test_a_job_can_be_cancelled(runs_folder):
    job = Job("speed_test", {})
    job.cancel()
    wait(job, 30)
    assert not job.running and job.error is None


def test_a_speed_measured_beside_a_training_is_marked_and_not_remembered(
    runs_folder, data_folder, monkeypatch, capsys
):
    from cnn.runs import speed_test

    question = {**QUESTION, "devices": ["cpu"]}
    monkeypatch.setattr(speed_test, "SECONDS", 0.1)
    monkeypatch.setattr(speed_test, "WARM_UP_SECONDS", 0.0)
    for beside in (None, SimpleNamespace(name="The other run")):
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(question)))
        monkeypatch.setattr(speed_test, "device_holder", lambda names, found=beside: found)
        (runs_folder / ".devices" / "speeds.json").unlink(missing_ok=True)
        speed_test.main()
        row = json.loads(capsys.readouterr().out)
        assert row["images_per_second"] > 0
        assert row.get("beside") == (beside and beside.name)
        assert (speeds.recall(SMALL, SMALL_SETTINGS, "cpu") is None) == bool(beside)


def test_a_job_whose_time_is_up_says_so(runs_folder):
    job = Job("learning_rate_finder", QUESTION, seconds=0.2)
    wait(job, 20)
    assert job.error == "It was ended after less than a second." and not job.cancelled


class Blocking:
    """A process of a job's that does nothing until it is let go."""

    def __init__(self, begun: list[object], question: str) -> None:
        begun.append(self)
        self.question, self._gone = question, threading.Event()
        self.stdin, self.stdout = io.StringIO(), io.StringIO('{"done": 1}\n')

    def kill(self) -> None:
        self._gone.set()

    def wait(self) -> int:
        assert self._gone.wait(20)
        return 0


def test_thirty_at_once_take_turns(runs_folder, monkeypatch):
    begun: list[Blocking] = []
    monkeypatch.setattr(Job, "_start", lambda self, module, errors: Blocking(begun, module))
    monkeypatch.setattr(jobs, "_of_workspace", {})
    monkeypatch.setenv("CNN_CLASS", "1")
    asked = []
    for number in range(30):
        with workspaces.working_in(f"n{number:032d}"):
            asked.append(jobs.start(f"module_{number}", {}))
    until(lambda: len(begun) == 2)
    assert [job.waits for job in asked[:2]] == ["", ""]
    assert asked[2].waits == "Waits for its turn: 1 measurement of others first"
    assert asked[29].waits == "Waits for its turn: 28 measurements of others first"
    asked[2].cancel()  # while it waits: it never begins
    until(lambda: not asked[2].running)
    assert len(begun) == 2 and asked[2].error is None
    for number in range(2, 30):
        begun[number - 2].kill()
        until(lambda number=number: len(begun) == min(number + 1, 29))
    begun[-1].kill(), begun[-2].kill()
    until(lambda: not any(job.running for job in asked))
    order = [one.question for one in begun]
    assert sorted(order[:2]) == ["cnn.runs.module_0", "cnn.runs.module_1"]
    assert order[2:] == [f"cnn.runs.module_{number}" for number in range(3, 30)]
    assert jobs._line.before(asked[29], 2) == 0 and not jobs._line._all
    assert all(job.rows == [{"done": 1}] for job in asked if job is not asked[2])


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)
