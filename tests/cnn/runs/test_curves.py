"""A run's metrics as arrays: every point, kept beside the run, read once a change."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cnn import runs
from cnn.runs import curves, metrics, overview
from cnn.runs.differences import differences
from cnn.runs.notes import annotate, notes, tags_in
from tests.made_runs import made_run


@pytest.fixture(autouse=True)
def nothing_known():
    curves._known.clear()
    overview._known.clear()


def test_every_point_whatever_their_number():
    run = made_run("Long", (0.5,))
    with run.files.metrics.open("w") as file:
        for i in range(1, 6001):
            row = {"kind": "report", "step": i, "epoch": i / 6000, "losses": [[i, 1 / i]]}
            file.write(json.dumps(row) + "\n")
    found = curves.curves(run)
    np.testing.assert_allclose(found.loss, [[i, 1 / i] for i in range(1, 6001)])
    assert len([row for row in run.metrics() if row["kind"] == "report"]) <= metrics.MAX_REPORTS


def test_steps_as_epochs_and_seconds():
    found = curves.curves(made_run("Timed", (0.5, 0.6, 0.7)))  # 10 steps and 2 seconds an epoch
    steps = np.array([0.0, 5.0, 10.0, 25.0, 40.0])
    np.testing.assert_allclose(found.epochs_at(steps), [0, 0.5, 1, 2.5, 4])
    np.testing.assert_allclose(found.seconds_at(steps), [0, 1, 2, 5, 8])
    assert found.accuracy()[0] == "validation"
    np.testing.assert_allclose(found.accuracy()[1], [0.5, 0.6, 0.7])


def test_what_is_kept_is_read_instead_of_the_metrics(monkeypatch):
    run = made_run("Kept", (0.5, 0.6))
    whole = curves.curves(run)
    curves._known.clear()
    monkeypatch.setattr(curves.metrics, "read_whole", lambda _: pytest.fail("read again"))
    again = curves.curves(run)
    np.testing.assert_array_equal(again.loss, whole.loss)
    np.testing.assert_array_equal(again.epochs, whole.epochs)
    assert curves.brief(run).accuracies == (0.5, 0.6)
    assert overview.summary(run).brief.loss == pytest.approx(0.5)


def test_a_change_of_the_metrics_is_seen():
    run = made_run("Changing", (0.5,))
    before = overview.summary(run)
    line = {"kind": "epoch", "step": 20, "epoch": 2, "train_accuracy": 0.9}
    run.append_metric(**line, validation_accuracy=0.8)
    assert curves.kept_brief(run) is None
    assert overview.summary(run).brief.accuracies == (*before.brief.accuracies, 0.8)
    run.rename("Another")
    assert overview.summary(run).name == "Another"


@pytest.mark.parametrize("content", [b"", b"{", b'{"of": 1}', b'{"of":"x","loss":1}', b"\xff"])
def test_damaged_files_are_made_anew(content):
    run = made_run("Damaged", (0.5, 0.7))
    run.files.summary.write_bytes(content)
    run.files.curves.write_bytes(content)
    assert curves.brief(run).accuracies == (0.5, 0.7)
    assert len(curves.curves(run).loss) == 20


def test_a_look_reads_no_more_than_its_time_allows():
    run = made_run("New to us", (0.5, 0.7))
    run.files.summary.unlink()
    run.files.curves.unlink()
    (found,), _ = overview.overview(seconds=0)
    assert found.brief is None and found.test == 0.7
    (found,), _ = overview.overview(seconds=5)
    assert found.brief.accuracies == (0.5, 0.7)


def test_many_epochs_become_a_short_sparkline():
    accuracies = tuple(i / 200 for i in range(1, 101))
    found = curves.brief(made_run("Long", accuracies)).accuracies
    assert len(found) == curves.SPARKLINE_POINTS
    assert (found[0], found[-1]) == (accuracies[0], accuracies[-1])


def test_runs_of_one_group_differ_in_their_seed_only():
    first, second = made_run("A", seed=1), made_run("B", seed=2)
    other = made_run("C", seed=1, batch_size=32)
    groups = [overview.summary(run).group for run in (first, second, other)]
    assert groups[0] == groups[1] != groups[2]
    assert [(d.key, d.values) for d in differences([first, other])] == [
        ("batch_size", ("64", "32"))
    ]
    assert differences([first, runs.repeat(first)]) == []


def test_tags_and_notes_are_kept_and_read_without_what_is_wrong():
    run = made_run("Noted")
    assert notes(run) == {}
    annotate(run, tags=["a", "b"], note="why")
    annotate(run, archived=True)
    assert notes(run) == {"tags": ["a", "b"], "note": "why", "archived": True}
    assert tags_in(" a, b ;a,, c  d") == ["a", "b", "c d"]
    for text in (",".join(map(str, range(20))), "x" * 40):
        with pytest.raises(runs.RunError):
            tags_in(text)
    run.files.notes.write_text('{"tags": 3, "note": "ok", "archived": "yes"}')
    assert notes(run) == {"note": "ok"}
