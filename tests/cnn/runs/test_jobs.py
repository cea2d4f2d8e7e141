"""The two jobs: each answers, and says in one line why it failed."""

from __future__ import annotations

import io
import json
import sys
import time
from types import SimpleNamespace

from cnn.runs import learning_rate_finder, speeds
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
    assert speeds.recall(SMALL, SMALL_SETTINGS, "cpu").measured


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
    assert job.error == "It was ended after 0 seconds." and not job.cancelled
