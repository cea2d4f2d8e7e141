"""Sweeps: what may vary, the record that survives, TPE and pruning, on validation only."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest

from cnn import runs
from cnn.runs import sweep_worker
from cnn.runs.locks import Lock
from cnn.runs.sweep_parameters import Parameter, describe, grid, parse_parameter
from cnn.runs.sweeps import Trial, list_sweeps, new_sweep, open_sweep
from tests.conftest import SMALL
from tests.made_runs import finish, made_run


@pytest.fixture
def base() -> runs.Config:
    return made_run("Base", (0.5, 0.6, 0.7)).config


@pytest.fixture
def trainings(monkeypatch):
    """Runs that end at once, their accuracy a known function of the learning rate."""
    begun: list[runs.Run] = []

    def launch(run: runs.Run) -> None:
        begun.append(run)
        settings = run.config.settings
        best = 0.9 - abs(np.log10(settings.learning_rate) + 2) / 10 + settings.batch_size / 1e5
        finish(run, tuple(best - 0.1 / epoch for epoch in range(1, settings.epochs + 1)))

    monkeypatch.setattr(sweep_worker, "launch", launch)
    return begun


def test_parameters_are_read_and_refused_in_words():
    assert parse_parameter("learning_rate=0.01, 0.02").values == (0.01, 0.02)
    assert parse_parameter("batch_size=16..256") == Parameter(name="batch_size", low=16, high=256)
    assert parse_parameter("optimizer=adam,sgd").values == ("adam", "sgd")
    assert parse_parameter("reproducible=true").values == (True,)
    for text, said in (
        ("speed=3", "write setting=values"),
        ("learning_rate", "write setting=values"),
        ("learning_rate=-1", "learning_rate"),
        ("optimizer=lion", "optimizer"),
        ("batch_size=", "no value"),
        ("batch_size=a..b", "no range"),
    ):
        with pytest.raises(runs.RunError, match=said):
            parse_parameter(text)


def test_every_combination_once():
    made = grid([parse_parameter("batch_size=16,32"), parse_parameter("learning_rate=0.1,0.2")])
    assert made == [{"batch_size": b, "learning_rate": r} for b in (16, 32) for r in (0.1, 0.2)]


@pytest.mark.parametrize(
    ("texts", "budget", "said"),
    [
        (["learning_rate=0.1..0.01"], 5, "low to high"),
        (["batch_size=32..inf"], 5, "whole number"),
        (["early_stopping=0.5..5"], 5, "whole number"),
        (["learning_rate=0.01..inf"], 5, "learning_rate"),
        (["learning_rate=0.01..0.1"], None, "needs values"),
        (["learning_rate=0.01..100"], 5, "learning_rate"),
        (["optimizer=adam..sgd"], 5, "no range"),
        (["seed=1,2"], None, "cannot vary"),
        (["batch_size=16", "batch_size=32"], None, "twice"),
        (["learning_rate=0.01..0.1"], 9999, "trials"),
    ],
)
def test_a_sweep_that_cannot_be_run_is_refused(base, runs_folder, texts, budget, said):
    with pytest.raises(runs.RunError, match=said):
        new_sweep(base, [parse_parameter(text) for text in texts], budget)
    assert list_sweeps() == []


def test_without_validation_images_there_is_nothing_to_choose_by(base):
    bare = base.changed(settings=base.settings.changed(validation_images=0))
    with pytest.raises(runs.RunError, match="validation"):
        new_sweep(bare, [parse_parameter("learning_rate=0.01,0.1")])


def test_a_grid_trains_each_combination_and_names_the_best(base, trainings):
    texts = ["learning_rate=0.001,0.01,0.1", "batch_size=32,64"]
    sweep = new_sweep(base, [parse_parameter(text) for text in texts])
    told = []
    assert sweep_worker.run_sweep(sweep, told.append) == "finished"
    assert len(told) == len(trainings) == 6
    for run, result in zip(trainings, sweep.results(), strict=True):
        assert result.trial["run"] == run.id
        chosen = run.config.settings
        assert result.trial["values"] == {
            "learning_rate": chosen.learning_rate,
            "batch_size": chosen.batch_size,
        }
        assert chosen.changed(**{k: getattr(base.settings, k) for k in result.trial["values"]}) == (
            base.settings
        )
    assert sweep.best().trial["values"] == {"learning_rate": 0.01, "batch_size": 64}
    assert sweep.importance()["learning_rate"] > 0.8
    assert sum(sweep.importance().values()) == pytest.approx(1)
    assert sweep.state == "finished" and describe({"batch_size": 64}) == "batch size 64"


def test_the_test_set_chooses_nothing(base, trainings):
    """Whatever the test accuracy: the best is that of validation."""
    sweep = new_sweep(base, [parse_parameter("learning_rate=0.01,0.1")])
    sweep_worker.run_sweep(sweep, str)
    worst = trainings[1]
    worst.write_status(**{**worst.status(), "test_accuracy": 1.0})
    assert sweep.best().trial["run"] == trainings[0].id


def test_a_search_finds_what_a_blind_choice_would_not(base, trainings):
    sweep = new_sweep(base, [parse_parameter("learning_rate=0.00001..1")], 25)
    assert sweep_worker.run_sweep(sweep, str) == "finished"
    tried = [np.log10(run.config.settings.learning_rate) for run in trainings]
    assert len(tried) == 25
    blind = (3 * 1.5 + 2 * 1.0) / 5  # mean distance from -2 of what is even from -5 to 0
    assert np.abs(np.array(tried[-10:]) + 2).mean() < 0.75 * blind
    assert sweep.best().validation > 0.85


def test_what_falls_behind_the_median_is_stopped(base, monkeypatch):
    """As Optuna's own MedianPruner decides on the same numbers."""
    sweep = new_sweep(base, [parse_parameter("learning_rate=0.001..0.1")], 10)
    trials = []
    for accuracy in (0.8, 0.82, 0.84, 0.86, 0.88):
        run = made_run("Earlier", (accuracy, accuracy + 0.02, accuracy + 0.03))
        trials.append(Trial(run=run.id, values={"learning_rate": 0.01}, pruned=False))
    slow = made_run("Slow", (0.5, 0.6, 0.7))
    trials.append(Trial(run=slow.id, values={"learning_rate": 0.05}, pruned=False))
    sweep.write_trials(trials)
    worker = sweep_worker._Worker(sweep, str)
    assert not worker._falls_behind(worker.trials[-1], [0.5])  # the first epoch is spared
    assert worker._falls_behind(worker.trials[-1], [0.5, 0.6])
    assert not worker._falls_behind(worker.trials[-1], [0.9, 0.95])
    assert not worker._falls_behind(worker.trials[-1], [0.5, 0.6, 0.7])  # it has ended anyway


def test_it_goes_on_where_it_was_killed(base, trainings):
    sweep = new_sweep(base, [parse_parameter("learning_rate=0.001,0.01,0.1")])
    first = made_run("Done", (0.7, 0.8))
    cut = runs.create(base.changed(settings=base.settings.changed(learning_rate=0.01)), "Cut off")
    sweep.write_trials(
        [
            Trial(run=first.id, values={"learning_rate": 0.001}, pruned=False),
            Trial(run=cut.id, values={"learning_rate": 0.01}, pruned=False),
        ]
    )
    assert open_sweep(sweep.id).state == "interrupted"
    assert sweep_worker.run_sweep(sweep, str) == "finished"
    assert [run.id for run in trainings] == [cut.id, sweep.trials()[2]["run"]]
    assert trainings[1].config.settings.learning_rate == 0.1


def test_a_trial_that_waits_its_turn_is_not_launched_again(base, monkeypatch):
    sweep = new_sweep(base, [parse_parameter("learning_rate=0.001")])
    run = runs.create(base, "Waits")
    lock = Lock.take(run.files.lock)
    assert lock
    sweep.write_trials([Trial(run=run.id, values={"learning_rate": 0.001}, pruned=False)])
    monkeypatch.setattr(sweep_worker, "launch", lambda _: pytest.fail("launched twice"))

    def ends() -> None:
        finish(run, (0.5, 0.6))
        lock.release()

    timer = threading.Timer(0.3, ends)
    timer.start()
    assert sweep_worker.run_sweep(sweep, str) == "finished"
    timer.join()


def test_asked_to_stop_it_stops_and_can_go_on(base, trainings):
    sweep = new_sweep(base, [parse_parameter("learning_rate=0.001,0.01")])
    sweep.ask_to_stop()
    assert sweep_worker.run_sweep(sweep, str) == "stopped" and trainings == []
    (sweep.path / "control.json").unlink()
    assert sweep_worker.run_sweep(sweep, str) == "finished" and len(trainings) == 2


def test_a_deleted_run_is_said_and_breaks_nothing(base, trainings):
    sweep = new_sweep(base, [parse_parameter("learning_rate=0.001,0.01")])
    sweep_worker.run_sweep(sweep, str)
    trainings[1].delete()
    assert [result.state for result in sweep.results()] == ["finished", "deleted"]
    assert sweep.best().trial["run"] == trainings[0].id


def test_damaged_records_are_passed_over(base, runs_folder):
    sweep = new_sweep(base, [parse_parameter("learning_rate=0.001,0.01")])
    assert [one.id for one in list_sweeps()] == [sweep.id]
    (sweep.path / "trials.json").write_text('{"trials": [{"run": "../x", "values": {}}]}')
    assert sweep.trials() == []
    foreign = Trial(run=made_run("Foreign", (0.5,)).id, values={"nope": 1}, pruned=False)
    sweep.write_trials([foreign])
    assert sweep.trials() == []
    record = json.loads((sweep.path / "sweep.json").read_text())
    record["parameters"] = [{"name": "seed", "values": [1, 2]}]
    (sweep.path / "sweep.json").write_text(json.dumps(record))
    assert list_sweeps() == []
    for name in ("../x", "nowhere", ""):
        with pytest.raises(runs.RunError, match="no sweep"):
            open_sweep(name)
    assert base.architecture == SMALL


def test_what_the_stop_cut_goes_on_and_what_was_stopped_by_hand_stays(base, trainings):
    sweep = new_sweep(base, [parse_parameter("learning_rate=0.001,0.01,0.1")])
    by_hand, cut = made_run("By hand", (0.7,)), made_run("Cut", (0.6,))
    for run in (by_hand, cut):
        run.write_status(**{**run.status(), "state": "stopped"})
    rates = (0.001, 0.01)
    sweep.write_trials(
        [
            Trial(run=run.id, values={"learning_rate": rate}, pruned=False)
            for run, rate in zip((by_hand, cut), rates, strict=True)
        ]
    )
    sweep.ask_to_stop()
    sweep.forget_stop()
    assert sweep_worker.run_sweep(sweep, str) == "finished"
    assert [run.id for run in trainings] == [cut.id, sweep.trials()[2]["run"]]
    assert [result.state for result in sweep.results()] == ["stopped", "finished", "finished"]


def test_a_trial_whose_process_is_killed_goes_on_once(base, monkeypatch):
    begun: list[str] = []

    def launch(run: runs.Run) -> None:
        """The first is killed once, the second at every start."""
        begun.append(run.id)
        finish(run, (0.5, 0.6, 0.7))
        if begun.count(run.id) == 1 or run.config.settings.learning_rate == 0.02:
            run.write_status(state="running")  # and no lock is held

    monkeypatch.setattr(sweep_worker, "launch", launch)
    sweep = new_sweep(base, [parse_parameter("learning_rate=0.01,0.02")])
    assert sweep_worker.run_sweep(sweep, str) == "finished"
    assert [result.state for result in sweep.results()] == ["finished", "interrupted"]
    first, second = (trial["run"] for trial in sweep.trials())
    assert begun == [first, first, second, second]
