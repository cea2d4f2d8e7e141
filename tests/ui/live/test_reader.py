"""What a reader takes from a folder that changes under it."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

from tests.ui.live.conftest import finish, report
from ui.live.reader import MOST_POINTS, Reader, snapshot


def test_new_points_continue_those_that_were_told(active):
    reader = Reader(active)
    reader.read()
    assert reader.story.points == [(1, 2.5)]
    before = reader.story.told_anew
    report(active, 3, 2.0, 1.5)
    assert reader.changed()
    reader.read()
    assert reader.story.points == [(1, 2.5), (2, 2.0), (3, 1.5)]
    assert reader.story.told_anew == before
    assert not reader.changed()


def test_a_run_that_goes_back_is_told_anew(active):
    reader = Reader(active)
    report(active, 3, 2.0, 1.5)
    reader.read()
    before = reader.story.told_anew
    active.append_metric(kind="resume", step=1, epoch=0)
    report(active, 4, 1.4, 1.3, 1.2)
    reader.read()
    assert reader.story.points == [(1, 2.5), (2, 1.4), (3, 1.3), (4, 1.2)]
    assert reader.story.told_anew == before + 1


def test_a_place_is_found_again_and_another_runs_place_is_not(active):
    reader = Reader(active)
    report(active, 3, 2.0, 1.5)
    reader.read()
    story = reader.story
    assert story.place == "3_1.5"
    assert story.index_after("2_2.0") == 2
    for other in ("", "2_9.9", "7_1.5", "nonsense", "3", "_", "3_1.5_0"):
        assert story.index_after(other) is None, other


def test_a_long_curve_is_thinned_for_who_begins_to_watch(active):
    for begin in range(2, 6002, 1000):
        report(active, begin + 999, *(1.0 for _ in range(1000)))
    reader = Reader(active)
    reader.read()
    told = reader.story.points_from(None)
    assert told["whole"] and len(told["x"]) <= MOST_POINTS
    assert told["x"][-1] == reader.story.points[-1][0]


def test_the_best_epoch_is_marked_though_it_is_written_after_the_epoch(active):
    row = {"train_loss": 0.5, "train_accuracy": 0.9, "validation_loss": 0.4, "seconds": 1.0}
    active.append_metric(kind="epoch", step=50, epoch=1, validation_accuracy=0.95, **row)
    reader = Reader(active)
    reader.read()
    first = reader.story.version["epochs"]
    active.write_status(**{**active.status(), "best_epoch": 1, "best_validation": 0.95})
    reader.read()
    assert reader.story.version["epochs"] == first + 1
    names = [trace["name"] for trace in reader.story.parts["epochs"]["figure"]["data"]]
    assert "best: epoch 1" in names


def test_the_accuracy_is_told_once_a_second_without_waiting_for_a_snapshot(active, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("ui.live.reader.time", SimpleNamespace(monotonic=lambda: now[0]))
    reader = Reader(active)
    reader.read()
    for step, seconds, told in ((2, 0.5, []), (3, 0.6, [0.2, 0.3])):
        now[0] += seconds
        active.append_metric(
            kind="report", step=step, epoch=0.1, losses=[[step, 1.0]], accuracy=step / 10
        )
        reader.read()
        assert reader.story.parts["accuracies"]["train"]["y"] == told


def test_the_accuracy_axis_means_something_before_the_first_epoch(active):
    axis = snapshot(active)["epochs"]["figure"]["layout"]["yaxis"]
    assert (axis["range"], axis["tickformat"]) == ([0, 1], ".0%")


def test_its_end_and_its_folder_that_goes(active):
    reader = Reader(active)
    reader.read()
    assert not reader.story.ended
    finish(active)
    reader.read()
    assert reader.story.ended and reader.story.state == "finished"
    assert "97.00% on the test set" in reader.story.parts["status"]["details"]
    shutil.rmtree(active.path)
    other = Reader(active)
    other.read()
    assert other.story.deleted and other.story.ended


def test_a_worker_that_dies_changes_no_file_and_is_noticed(active, worker_lock, monkeypatch):
    monkeypatch.setattr("ui.live.reader.ALIVE_SECONDS", 0.0)
    reader = Reader(active)
    reader.read()
    worker_lock.release()
    assert reader.changed()
    reader.read()
    assert reader.story.state == "interrupted"


def test_a_damaged_live_file_is_passed_over(active):
    active.files.live.write_text('{"images": [[1]], "labels": [99], "probabilities": [[]]}')
    reader = Reader(active)
    reader.read()
    assert "status" in reader.story.parts


def test_the_first_filters_are_told_once_and_read_once(trained):
    reader = Reader(trained)
    reader.read()
    assert "start" in reader.story.parts
    trained.files.checkpoint(0).unlink()  # whoever read it again would find nothing
    live = json.loads(trained.files.live.read_text())
    live["filters"][0][0][0] += 1.0
    trained.files.live.write_text(json.dumps(live))
    reader.read()
    assert reader.story.version["live"] == 2
    assert reader.story.version["start"] == 1
    assert "start" not in reader.story.parts["live"]["filters"]
