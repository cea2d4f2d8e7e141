"""Each limit with its sentence, where runs are made and where they are started."""

from __future__ import annotations

import pytest

from cnn import runs
from cnn.common import workspaces
from cnn.datasets import DataError
from cnn.datasets.download import download
from cnn.drawing import my_digits
from cnn.runs import (
    challenge,
    class_room,
    jobs,
    lesson,
    limits,
    removal,
    sharing,
    sweeps,
    zipped,
)
from cnn.runs.folders import changing_runs
from cnn.runs.locks import Lock
from cnn.runs.notes import annotate
from cnn.runs.starting import prepare
from cnn.runs.sweep_parameters import parse_parameter
from tests.conftest import SMALL, SMALL_SETTINGS
from tests.made_runs import made_run

MINE, OTHER = "v" + "m" * 22, "v" + "o" * 22


@pytest.fixture(autouse=True)
def class_server(monkeypatch):
    monkeypatch.setenv("CNN_CLASS", "1")
    monkeypatch.setenv("CNN_MIN_FREE_BYTES", "0")
    with workspaces.working_in(MINE):
        yield


def new(**settings) -> runs.Run:
    return runs.new(SMALL, SMALL_SETTINGS.changed(**settings), "mnist-sample", "cpu")


def refusal(act) -> str:
    """What is said, in one sentence; and nothing is left of it."""
    folder = workspaces.folder(MINE)
    before = sorted(folder.rglob("*")) if folder.exists() else []
    with pytest.raises(runs.RunError) as refused:
        act()
    assert (sorted(folder.rglob("*")) if folder.exists() else []) == before
    text = str(refused.value)
    assert text.endswith(".") and ". " not in text
    return text


def started(run: runs.Run) -> Lock:
    """Bring it into the queue, as a launch does before its worker begins."""
    lock = Lock.take(run.files.lock)
    assert lock
    try:
        with changing_runs():
            prepare(run)
    except BaseException:
        lock.release()
        raise
    return lock


def test_epochs(monkeypatch):
    monkeypatch.setenv("CNN_MAX_EPOCHS", "3")
    assert "A run may take 3 epochs here, and this one asks for 4." in refusal(
        lambda: new(epochs=4)
    )
    run = made_run(accuracies=(0.5, 0.6, 0.7))
    monkeypatch.setenv("CNN_MAX_EPOCHS", "2")
    assert "2 epochs" in refusal(lambda: runs.repeat(run))
    assert "2 epochs" in refusal(lambda: runs.retry(run, {"learning_rate": 0.001}))
    packed = zipped.to_zip(run)
    assert "2 epochs" in refusal(lambda: zipped.from_zip(packed))
    config = run.config
    vary = [parse_parameter("batch_size=32,64")]
    assert "2 epochs" in refusal(lambda: sweeps.new_sweep(config, vary))
    short = config.changed(settings=config.settings.changed(epochs=1))
    for text, budget in (("epochs=1,9", None), ("epochs=1..9", 3)):  # before the first begins
        vary = [parse_parameter(text)]
        assert "2 epochs" in refusal(lambda v=vary, b=budget: sweeps.new_sweep(short, v, b))
    run.write_status(state="stopped")
    with pytest.raises(runs.RunError, match="2 epochs"):
        started(run)


def test_parameters(monkeypatch):
    monkeypatch.setenv("CNN_MAX_PARAMETERS", str(SMALL.parameters - 1))
    says = f"{SMALL.parameters - 1:,} parameters here, and this one has {SMALL.parameters:,}."
    assert says in refusal(new)


def test_seconds(monkeypatch):
    monkeypatch.setenv("CNN_MAX_SECONDS", "60")
    run = new()
    run.write_status(state="stopped", train_seconds=61.0)
    with pytest.raises(
        runs.RunError, match="has trained for 1 minute and 1 second: a run may take"
    ):
        started(run)


def test_waiting_runs(monkeypatch):
    monkeypatch.setenv("CNN_MAX_WAITING", "1")
    first, second = new(), new()
    lock = started(first)
    try:
        with pytest.raises(limits.TooManyWaiting, match="1 run of this workspace waits already"):
            started(second)
        assert "1 run of this workspace waits already" in refusal(new)
        with workspaces.working_in(OTHER):
            new()  # another's queue is another's
        with workspaces.working_in("class"):
            new()
    finally:
        lock.release()
    started(second).release()


def test_kept_runs_and_those_that_can_be_had_back(monkeypatch):
    monkeypatch.setenv("CNN_MAX_RUNS", "2")
    first, _ = made_run(), made_run()
    assert "keeps 2 runs and has 2: delete some on Compare" in refusal(new)
    assert "keeps 2 runs" in refusal(lambda: zipped.from_zip(zipped.to_zip(first)))
    vary = [parse_parameter("batch_size=32,64")]
    assert "keeps 2 runs" in refusal(lambda: sweeps.new_sweep(first.config, vary))
    removal.put_aside(first)
    new()  # what was deleted goes for good before anybody is refused
    with pytest.raises(runs.RunError):
        removal.restore(first.id)


def test_bytes(monkeypatch):
    monkeypatch.setenv("CNN_MAX_BYTES", "6000000")
    new().files.log.write_bytes(b"x" * 3_000_000)
    assert "in use, and this needs up to" in refusal(new)


def test_disk(monkeypatch):
    monkeypatch.setenv("CNN_MIN_FREE_BYTES", str(10**18))
    assert refusal(new).startswith("The server's disk is nearly full")


def test_workspaces(monkeypatch):
    monkeypatch.setenv("CNN_MAX_WORKSPACES", "1")
    with workspaces.working_in(OTHER):
        made_run()
    assert "has its 1 workspaces already" in refusal(new)
    with pytest.raises(my_digits.CollectionError, match="as many workspaces as it may"):
        my_digits.add([my_digits.Drawing(1, (((0.0, 0.0),),))])
    with workspaces.working_in(OTHER):
        made_run()


def test_sweeps_at_work(monkeypatch):
    config = runs.new_config(SMALL, SMALL_SETTINGS, "mnist-sample", "cpu")
    first, second = (
        sweeps.new_sweep(config, [parse_parameter("batch_size=32,64")]) for _ in range(2)
    )
    lock = Lock.take(first.lock)
    assert lock
    (first.path / "status.json").write_text('{"state": "running"}')
    with pytest.raises(runs.RunError, match="1 sweep may be at work in a workspace"):
        sweeps.launch_sweep(second)
    lock.release()


def test_the_teacher_is_not_limited(monkeypatch):
    monkeypatch.setenv("CNN_MAX_EPOCHS", "1")
    monkeypatch.setenv("CNN_MAX_RUNS", "1")
    with workspaces.working_in("class"):
        assert new().is_own and new().is_own


def test_a_server_that_only_shows_changes_nothing(monkeypatch):
    run = made_run()
    packed, aside = zipped.to_zip(run), made_run()
    removal.put_aside(aside)
    monkeypatch.setenv("CNN_READ_ONLY", "1")
    for act in (
        new,
        run.delete,
        lambda: run.rename("Other"),
        lambda: runs.repeat(run),
        lambda: runs.launch(run),
        lambda: zipped.from_zip(packed),
        lambda: removal.put_aside(run),
        lambda: run.send(stop=True),
        lambda: sweeps.new_sweep(run.config, [parse_parameter("batch_size=32,64")]),
        lambda: jobs.start("speed_test", {}),
        lambda: class_room.put_first(run),
        lambda: class_room.stop(run),
        lambda: class_room.remove_unused(0),
        lambda: removal.restore(aside.id),
        lambda: sharing.share_run(run),
        lambda: sharing.share_digits([]),
        lambda: challenge.set_challenge(title="Best", dataset="mnist-sample"),
        challenge.end_challenge,
        lesson.end,
        lambda: annotate(run, note="Other"),
        run.discard,
    ):
        with pytest.raises(runs.RunError, match="This server only shows"):
            act()
    removal.purge(aside.id)
    monkeypatch.delenv("CNN_READ_ONLY")
    assert removal.restore(aside.id).is_own
    monkeypatch.setenv("CNN_READ_ONLY", "1")
    assert runs.open_run(run.id).name == "Made"
    with pytest.raises(DataError, match="This server only shows"):
        download("fashion-mnist")


def test_nobody_makes_anything():
    with workspaces.working_in("nobody"), pytest.raises(runs.RunError, match="Nobody is known"):
        new()


def test_a_workspace_has_one_measurement_at_a_time(monkeypatch):
    begun = []

    class Begun:
        running = True

        def __init__(self, module, question, seconds, room, most_at_once=None):
            begun.append((workspaces.current(), seconds, most_at_once))

    monkeypatch.setattr(jobs, "Job", Begun)
    monkeypatch.setattr(jobs, "_of_workspace", {})
    monkeypatch.setenv("CNN_MAX_SECONDS", "50")
    jobs.start("speed_test", {}, architecture=SMALL)
    with pytest.raises(runs.RunError, match="is measuring, or finding a learning rate, already"):
        jobs.start("learning_rate_finder", {}, architecture=SMALL)
    with workspaces.working_in(OTHER):
        jobs.start("speed_test", {})
    for _ in range(2):
        with workspaces.working_in("class"):
            jobs.start("speed_test", {})
    assert begun == [(MINE, 50, 2), (OTHER, 50, 2), *[("class", jobs.SECONDS, None)] * 2]
    Begun.running = False
    monkeypatch.setenv("CNN_MAX_PARAMETERS", str(SMALL.parameters - 1))
    with pytest.raises(runs.RunError, match="A network may have"):
        jobs.start("speed_test", {}, architecture=SMALL)
    jobs.start("speed_test", {})
