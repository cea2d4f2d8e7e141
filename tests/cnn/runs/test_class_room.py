"""Sharing with the class, its challenge, its lesson, and what the teacher sees and does."""

from __future__ import annotations

import os

import pytest

from cnn import runs
from cnn.common import workspaces
from cnn.drawing import my_digits
from cnn.runs import challenge, class_room, ending, lesson, queue, sharing, zipped
from cnn.runs.device_options import Option
from tests.cnn.runs.test_fair_queue import A, B, class_server, held, wait  # noqa: F401
from tests.conftest import SMALL, SMALL_SETTINGS
from tests.made_runs import made_run

DIGIT = my_digits.Drawing(1, (((10.0, 10.0), (10.0, 200.0)),))


def trained_in(workspace: str, accuracy: float, **settings: object) -> runs.Run:
    """A finished run that a worker of this server trained."""
    with workspaces.working_in(workspace):
        run = made_run(accuracies=(accuracy / 2, accuracy), **settings)
    run.write_process(os.getpid())
    return run


def test_a_shared_run_is_a_copy_that_everybody_reads(monkeypatch):
    monkeypatch.setenv("CNN_MAX_SHARED", "1")
    with workspaces.working_in(A):
        run, other = made_run("Mine"), made_run("Another")
        copy = sharing.share_run(run)
        with pytest.raises(runs.RunError, match="is shared with the class already"):
            sharing.share_run(run)
        with pytest.raises(runs.RunError, match="A workspace shares 1 run: that many are"):
            sharing.share_run(other)
        run.rename("Changed since")
        run.delete()
    with workspaces.working_in(B):
        seen = runs.open_run(copy.id)
        assert (seen.name, seen.kind, seen.state) == ("Mine", "class", "finished")
        with pytest.raises(runs.RunError, match="belongs to the class"):
            sharing.share_run(seen)
    with workspaces.working_in("class"):
        runs.open_run(copy.id).delete()  # the teacher's to delete; then there is room again
    with workspaces.working_in(A):
        assert sharing.share_run(other).name == "Another"
    with workspaces.working_in(None), pytest.raises(runs.RunError, match="no class to share with"):
        sharing.share_run(made_run())


def test_shared_digits_are_counted(monkeypatch):
    monkeypatch.setenv("CNN_MAX_SHARED", "1")
    with workspaces.working_in(A):
        assert sharing.share_digits([DIGIT] * 9) == 9
        with pytest.raises(
            runs.RunError, match="shares 10 digits with the class, and has shared 9"
        ):
            sharing.share_digits([DIGIT] * 2)
        assert my_digits.load() == []
    with workspaces.working_in(B):
        assert sharing.share_digits([DIGIT]) == 10
    with workspaces.working_in("class"):
        assert len(my_digits.load()) == 10


def test_the_board_has_the_best_of_each_workspace_within_the_budget():
    before = trained_in(A, 0.99)
    with workspaces.working_in("class"):
        asked = challenge.set_challenge(
            title="Small", dataset="mnist-sample", max_parameters=SMALL.parameters, max_seconds=4
        )
    assert challenge.current() == asked and challenge.board(asked) == []
    trained_in(A, 0.7), trained_in(A, 0.8), trained_in(B, 0.9)
    with workspaces.working_in(B):
        made_run(accuracies=(0.5, 0.6, 0.95)).write_process(1)  # 6 seconds: too long
        best = runs.list_runs()[0]
        zipped.from_zip(zipped.to_zip(best))  # nobody trained that here
        config = runs.new_config(SMALL, SMALL_SETTINGS, "mnist-sample", "cpu")
        edited = runs.create(config.changed(origin="another's weights"))
        edited.write_process(1)
        edited.write_status(state="finished", best_validation=1.0)
    trained_in(A, 1.0, validation_images=1)  # one image that is read right is no 100%
    rows = challenge.board(asked)
    assert [(row.workspace, row.accuracy) for row in rows] == [(B, 0.9), (A, 0.8)]
    assert all(row.who.startswith("visitor ") and row.workspace not in row.who for row in rows)
    assert before.config.created < asked.created
    with workspaces.working_in(A), pytest.raises(runs.RunError, match="The teacher sets"):
        challenge.end_challenge()
    with workspaces.working_in("class"):
        with pytest.raises(runs.RunError, match="A challenge needs a title"):
            challenge.set_challenge(title="", dataset="mnist-sample")
        with pytest.raises(runs.RunError, match="and a data set"):
            challenge.set_challenge(title="Small", dataset="../etc")
        challenge.end_challenge()
    assert challenge.current() is None


def test_a_lesson_holds_for_every_visitor():
    fixed = frozenset({"architecture", "learning_rate"})
    made = lesson.Lesson(
        architecture=SMALL, settings=SMALL_SETTINGS, dataset="mnist-sample", fixed=fixed
    )
    with workspaces.working_in(A):
        before = runs.new(SMALL, SMALL_SETTINGS.changed(learning_rate=0.1), "mnist-sample", "cpu")
        packed = zipped.to_zip(before)
        with pytest.raises(runs.RunError, match="The teacher sets"):
            lesson.begin(made)
    with workspaces.working_in("class"):
        lesson.begin(made)
        assert lesson.current() is None and lesson.set_lesson() == made
    smaller = SMALL.changed(layers=SMALL.layers[3:])
    faster = SMALL_SETTINGS.changed(learning_rate=0.1)
    with workspaces.working_in(A):
        assert lesson.current() == made
        run = runs.new(SMALL, SMALL_SETTINGS.changed(epochs=3), "mnist-sample", "cpu")
        for act, words in (
            (lambda: runs.new(smaller, SMALL_SETTINGS, "mnist-sample", "cpu"), "the network"),
            (lambda: runs.new(SMALL, faster, "mnist-sample", "cpu"), "'Learning rate'"),
            (lambda: runs.retry(run, {"learning_rate": 0.1}), "'Learning rate'"),
        ):
            with pytest.raises(runs.RunError, match=f"lesson keeps {words} as the teacher"):
                act()
    with workspaces.working_in(B), pytest.raises(runs.RunError, match="lesson keeps"):
        zipped.from_zip(packed)
    with workspaces.working_in(A), pytest.raises(runs.RunError, match="lesson keeps"):
        runs.launch(before)  # made before the lesson was set
    with workspaces.working_in(None):  # on the machine itself
        runs.new(SMALL, faster, "mnist-sample", "cpu")
    with workspaces.working_in("class"):
        runs.new(SMALL, faster, "mnist-sample", "cpu")
        lesson.end()
    with workspaces.working_in(A):
        runs.new(SMALL, faster, "mnist-sample", "cpu")


def test_the_teacher_sees_the_queue_stops_runs_and_puts_one_first(runs_folder, held):  # noqa: F811
    first = wait(A, "a0", held)
    assert queue.try_start(first, (Option("cpu", ("cpu",)),))
    wait(A, "a1", held), wait(B, "b0", held)
    last = wait(A, "a2", held)
    assert [one.name for one in class_room.trainings()] == ["a0", "b0", "a1", "a2"]
    class_room.put_first(last)
    found = class_room.trainings()
    assert [(one.name, one.device) for one in found] == [
        *(("a0", "cpu"), ("a2", None), ("b0", None), ("a1", None)),
    ]
    with workspaces.working_in("class"):
        class_room.stop(found[0].run)
    assert first.control().get("stop")


def test_unused_workspaces_are_cleared_and_those_at_work_are_not(runs_folder, held):  # noqa: F811
    wait(A, "a0", held)
    trained_in(B, 0.9)
    shared = trained_in("class", 0.9)
    rows = class_room.usages()
    assert {row.workspace: row.runs for row in rows} == {A: 1, B: 1}
    assert all(row.bytes > 500 and row.workspace not in row.who for row in rows)
    assert class_room.remove_unused(1) == 0
    assert class_room.remove_unused(-1) == 1  # of whatever age
    assert workspaces.existing() == [A] and shared.path.is_dir()


def test_at_the_servers_end_every_workspaces_trainings_are_asked_to_stop(runs_folder, held):  # noqa: F811
    made = [wait(A, "a0", held), wait(B, "b0", held), wait("class", "c0", held)]
    with workspaces.working_in(workspaces.NOBODY):  # as in the thread that ends the server
        ending.ask_all_to_stop()
    assert all(run.control().get("stop") for run in made)
