"""The metrics file: read while it grows, however long, however damaged."""

from __future__ import annotations

import json
import time

import pytest

from cnn import runs
from cnn.runs import metrics


@pytest.fixture
def run(tmp_path) -> runs.Run:
    return runs.Run(tmp_path)


def report(run: runs.Run, step: int, first: int | None = None) -> None:
    losses = [[s, s / 10] for s in range(first or step, step + 1)]
    run.append_metric(
        kind="report",
        step=step,
        epoch=step / 10,
        losses=losses,
        learning_rate=0.1,
        images_per_second=100.0,
    )


def epoch(run: runs.Run, number: int, step: int) -> None:
    run.append_metric(
        kind="epoch", epoch=number, step=step, train_accuracy=0.9, validation_accuracy=None
    )


def steps(run: runs.Run) -> list[tuple[str, int]]:
    return [(row["kind"], row["step"]) for row in run.metrics()]


def test_rows_come_as_they_are_written(run):
    assert run.metrics() == []
    report(run, 1)
    assert steps(run) == [("report", 1)]
    assert steps(run) == [("report", 1)]
    epoch(run, 1, 1)
    report(run, 2)
    assert steps(run) == [("report", 1), ("epoch", 1), ("report", 2)]
    assert run.metrics()[0]["losses"] == [[1, 0.1]]


def test_a_cut_line_is_skipped_and_what_follows_is_not_lost(run):
    report(run, 1)
    report(run, 2)
    path = run.path / "metrics.jsonl"
    path.write_bytes(path.read_bytes()[:-10])
    assert steps(run) == [("report", 1)]
    report(run, 3)  # by the worker that took over
    assert steps(run) == [("report", 1), ("report", 3)]


def test_half_a_line_is_read_once_it_is_whole(run):
    report(run, 1)
    path = run.path / "metrics.jsonl"
    line = path.read_bytes()
    for end in (5, len(line) - 1):
        path.write_bytes(line[:end])
        assert run.metrics() == []
    path.write_bytes(line)
    assert steps(run) == [("report", 1)]


FOREIGN = [
    "null",
    "[]",
    "{}",
    '{"step": 3}',
    '{"kind": "report", "step": "x", "epoch": 1, "losses": []}',
    '{"kind": "report", "step": 2, "epoch": 1, "losses": [1, 2]}',
    '{"kind": "epoch", "step": 2, "epoch": 1}',
    "\x00\x00",
    "[" * 50_000,
]


def test_foreign_lines_are_skipped(run):
    report(run, 1)
    with (run.path / "metrics.jsonl").open("a") as file:
        file.writelines(f"{line}\n" for line in FOREIGN)
    report(run, 2)
    assert steps(run) == [("report", 1), ("report", 2)]


def test_another_file_in_its_place_is_read_from_the_top(run):
    for step in range(1, 9):
        report(run, step)
    assert len(run.metrics()) == 8
    (run.path / "metrics.jsonl").unlink()
    assert run.metrics() == []
    for step in range(1, 20):
        report(run, step * 7)
    assert [step for _, step in steps(run)] == [step * 7 for step in range(1, 20)]


def test_a_resumed_run_forgets_the_steps_it_goes_over_again(run):
    report(run, 10)
    epoch(run, 1, 10)
    report(run, 15)
    report(run, 20)
    epoch(run, 2, 20)  # killed here; its last saved state was that of step 15
    run.append_metric(kind="resume", step=15, epoch=1)
    assert steps(run) == [("report", 10), ("epoch", 10), ("report", 15)]
    report(run, 20, first=16)
    epoch(run, 2, 20)
    assert steps(run)[-2:] == [("report", 20), ("epoch", 20)]
    drawn = [point[0] for row in run.metrics() for point in row.get("losses", [])]
    assert drawn == sorted(set(drawn))


def test_a_state_saved_before_the_end_of_its_epoch_takes_that_end_back(run):
    report(run, 10)
    epoch(run, 1, 10)
    run.append_metric(kind="resume", step=10, epoch=0)
    assert steps(run) == [("report", 10)]


def test_a_long_run_is_thinned_and_asking_stays_cheap(run):
    count = 20_000
    with (run.path / "metrics.jsonl").open("w") as file:
        for i in range(1, count + 1):
            losses = [[i * 10 + k - 9, 2.0] for k in range(10)]
            row = {"kind": "report", "step": i * 10, "epoch": i / 1000, "losses": losses}
            file.write(json.dumps(row) + "\n")
            if i % 1000 == 0:
                row = {"kind": "epoch", "step": i * 10, "epoch": i // 1000, "train_accuracy": 0.9}
                file.write(json.dumps(row) + "\n")
    rows = run.metrics()
    reports = [row for row in rows if row["kind"] == "report"]
    assert len(reports) <= metrics.MAX_REPORTS
    assert [r["epoch"] for r in rows if r["kind"] == "epoch"] == list(range(1, 21))
    points = [point for row in reports for point in row["losses"]]
    assert len(points) <= metrics.MAX_REPORTS * 10
    assert [p[0] for p in points] == sorted(p[0] for p in points)
    assert points[-1][0] == count * 10
    assert {p[1] for p in points} == {2.0}  # means of equal losses are that loss

    took = []
    for i in range(9):
        report(run, count * 10 + 10 * (i + 1))
        began = time.perf_counter()
        rows = run.metrics()
        took.append(time.perf_counter() - began)
        assert rows[-1]["step"] == count * 10 + 10 * (i + 1)
    assert sorted(took)[4] < 0.02


def test_only_some_files_are_kept_in_memory(tmp_path):
    for i in range(metrics.FILES_KEPT + 5):
        run = runs.Run(tmp_path / str(i))
        run.path.mkdir()
        report(run, i + 1)
        assert steps(run) == [("report", i + 1)]
    assert len(metrics._readers) <= metrics.FILES_KEPT
