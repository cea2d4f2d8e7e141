"""What a run shows while it trains; one that waits after a step; one that is discarded."""

from __future__ import annotations

import threading
import time

import pytest

from cnn import runs
from cnn.runs.live import CHECK_IMAGES, quick_check
from cnn.runs.worker import run_worker
from cnn.training.events import Report
from tests.cnn.training.test_control import make
from tests.conftest import SMALL, SMALL_SETTINGS


def test_a_quick_check_counts_every_image_once_and_shows_the_most_confident_mistakes():
    trainer = make(validation=60)
    check = quick_check(trainer, 10)
    assert check["images"] == 60 == sum(map(sum, check["confusion"]))
    right = sum(check["confusion"][n][n] for n in range(10))
    assert check["accuracy"] == pytest.approx(right / 60, abs=1e-4)
    truths = [int(label) for label in trainer.validation_y]
    assert [sum(row) for row in check["confusion"]] == [truths.count(n) for n in range(10)]
    shares = [wrong["share"] for wrong in check["wrong"]]
    assert shares == sorted(shares, reverse=True) and all(
        wrong["truth"] != wrong["guess"] for wrong in check["wrong"]
    )
    assert quick_check(make(validation=0), 10) is None


def test_a_run_in_training_keeps_its_check_and_tells_its_accuracy(runs_folder, data_folder):
    run = runs.new(SMALL, SMALL_SETTINGS, "mnist-sample", "cpu")
    assert run_worker(run, background=False) == "finished", run.log()
    check = run.live()["check"]
    assert check["images"] == min(CHECK_IMAGES, run.config.validation_images)
    rows = [row for row in run.metrics() if row["kind"] == "report"]
    assert all(0 <= row["accuracy"] <= 1 for row in rows)


def test_a_discarded_run_is_gone_when_it_has_stopped_and_was_not_scored(runs_folder, data_folder):
    run = runs.new(SMALL, SMALL_SETTINGS.changed(epochs=200), "mnist-sample", "cpu")
    messages = []

    def discard(event: object) -> None:
        if isinstance(event, Report):
            messages.append(run.status().get("message"))
            run.discard()

    assert run_worker(run, discard, background=False) == "stopped"
    assert messages and not run.path.exists()
    waiting = runs.new(SMALL, SMALL_SETTINGS, "mnist-sample", "cpu")
    waiting.discard()
    assert not waiting.path.exists()


def wait_for(check, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


def test_a_run_may_start_with_one_step_and_wait(runs_folder, data_folder):
    run = runs.new(SMALL, SMALL_SETTINGS.changed(epochs=50), "mnist-sample", "cpu")
    runs.launch(run, control={"paused": True, "run_until": 1})
    wait_for(lambda: run.status().get("step", 0) >= 1 or run.state not in runs.ACTIVE)
    wait_for(lambda: run.state == "paused")
    assert run.status()["step"] == 1, run.log()
    run.send(run_until=3)
    wait_for(lambda: run.status().get("step") == 3)
    assert run.state == "paused"
    assert run.metrics()[-1]["step"] == 3
    run.discard()
    wait_for(lambda: not run.path.exists())


def test_what_was_asked_of_an_earlier_attempt_is_not_asked_of_the_next(runs_folder, data_folder):
    run = runs.new(SMALL, SMALL_SETTINGS.changed(epochs=30), "mnist-sample", "cpu")
    assert run_worker(run, lambda _: run.send(stop=True), background=False) == "stopped"
    run.send(discard=True, run_until=10**9, pace=5.0, learning_rate=0.003)  # and then it was killed
    assert run.can_resume()
    asked = []

    def look(event: object) -> None:
        asked.append(run.control())
        run.send(stop=True)

    assert run_worker(run, look, background=False) == "stopped"
    assert asked[0] == {"learning_rate": 0.003}
    assert run.path.is_dir()


def test_a_run_that_ended_meanwhile_is_deleted_when_it_is_discarded(runs_folder, data_folder):
    run = runs.new(SMALL, SMALL_SETTINGS, "mnist-sample", "cpu")
    run.write_status(state="running")  # as it looked a moment ago
    run.discard()
    assert not run.path.exists()
