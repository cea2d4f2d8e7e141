"""Run folders that are damaged, of another version or of anybody: a clear word where one is shown,
and the others unharmed."""

from __future__ import annotations

import json
import math
import shutil
import threading
import time

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from cnn import evaluation, recognition, runs
from cnn.cli.main import main
from cnn.common.files import write_tensors
from cnn.recognition import calibration
from cnn.runs import curves, finetune, metrics
from cnn.runs.overview import summary
from cnn.runs.weights import load_model, read_tensors

JSON_FILES = ("config", "name", "process", "status", "control", "live", "resume", "parent")
JSON_FILES += ("notes", "summary")
OTHER_FILES = ("metrics", "log", "weights", "test_probabilities", "detector_calibration")
OTHER_FILES += ("curves",)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=20)
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def contents(path) -> st.SearchStrategy[bytes]:
    """What may lie in a file instead: any bytes, any JSON, and its own with one entry replaced."""
    text = anything.map(lambda value: json.dumps(value).encode())
    own = path.read_bytes() if path.is_file() else b"{}"
    cut = st.integers(0, len(own)).map(lambda end: own[:end])
    found = [st.binary(max_size=60), text, cut]
    if path.suffix in (".json", ".jsonl"):
        kept = json.loads(own.splitlines()[0])
        replaced = st.tuples(st.sampled_from(sorted(kept) or ["x"]), anything)
        found += [replaced.map(lambda it: json.dumps({**kept, it[0]: it[1]}).encode())] * 4
    return st.one_of(found)


def read_all(run: runs.Run) -> None:
    """Every reader of a run's folder, with what pages and commands do with the answers."""
    status = run.status()
    assert status["state"] in (
        "queued",
        "running",
        "paused",
        "finished",
        "stopped",
        "failed",
        "interrupted",
    )
    for value in (run.last_status(), status, run.control()):
        json.dumps(value, allow_nan=False).encode()
    f"{status.get('test_accuracy', 0):.2%} {status.get('train_seconds', 0):.1f}"
    status.get("step", 0) / max(status.get("steps") or 1, 1)
    for row in run.metrics():
        assert math.isfinite(row["step"] + row["epoch"])
        if row["kind"] == "report":
            assert np.isfinite(row["losses"]).all() and len(row["losses"][-1]) == 2
            assert math.isfinite(row["learning_rate"] + row["images_per_second"])
        else:
            f"{row['train_accuracy']:.2%} {row['validation_accuracy'] or 0:.2%}"
    run.name.encode()
    found = curves.curves(run)
    assert found.loss.shape[1] == 2 and found.epochs.shape[1] == len(curves.COLUMNS)
    run.log().encode()
    live = run.live()
    assert np.array(live.get("filters", []), np.float32).ndim in (1, 3)
    for image, label, guess in zip(
        live.get("images", []), live.get("labels", []), live.get("probabilities", []), strict=True
    ):
        assert np.array(image, np.uint8).shape == (28, 28)
        assert label < 10 and len(guess) == 10
    run.checkpoints()
    run.can_resume()
    evaluation.test_probabilities(run)
    try:
        seen = summary(run)
        assert seen.brief is not None and all(map(math.isfinite, seen.brief.accuracies))
        json.dumps([seen.tags, seen.note, seen.archived, seen.brief.loss], allow_nan=False).encode()
        time.localtime(run.config.created)
        load_model(run)
    except runs.RunError as error:
        assert str(error).isprintable() and len(str(error)) < 600, str(error)


@pytest.fixture(scope="module")
def two_runs(trained_folder, tmp_path_factory):
    """A good run, and a copy to be damaged."""
    folder = tmp_path_factory.mktemp("foreign")
    for name in ("good", "bad"):
        shutil.copytree(trained_folder, folder / name)
    return folder


@given(data=st.data())
@hypothesis(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_lies_in_a_run_harms_no_other(two_runs, trained_folder, data, monkeypatch, capsys):
    monkeypatch.setenv("CNN_RUNS_DIR", str(two_runs))
    good, bad = runs.Run(two_runs / "good"), runs.Run(two_runs / "bad")
    name = data.draw(st.sampled_from([*JSON_FILES * 2, *OTHER_FILES]))
    file = getattr(bad.files, name)
    original = trained_folder / file.name
    file.write_bytes(data.draw(contents(original)))
    try:
        read_all(bad)
        surveyed = dict(runs.survey())
        assert surveyed.keys() == {good, bad}
        assert surveyed[good] is None
        capsys.readouterr()
        assert main(["runs"]) == 0
        listed = capsys.readouterr().out
        assert "good  finished" in listed and "bad  " in listed
        assert listed.count("\n") == 2
    finally:
        file.unlink()
        if original.is_file():
            shutil.copyfile(original, file)


# --- one fault each


def change(file, **values) -> None:
    kept = json.loads(file.read_text())
    file.write_text(json.dumps({**kept, **values}))


def test_a_text_for_a_number_in_one_status_leaves_the_list_whole(trained, capsys):
    change(trained.files.status, test_accuracy="very good", step="x", steps=True, epoch=1.5)
    assert trained.status().keys() >= {"state", "epochs", "train_seconds"}
    assert not trained.status().keys() & {"test_accuracy", "step", "steps", "epoch"}
    assert main(["runs"]) == 0
    assert (
        f"{trained.id}  finished     mnist-sample        -  Small, trained\n"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, -1, 2, 10**400, True, None, [], {}, "0.9"])
def test_a_value_out_of_its_range_counts_as_missing(trained, value):
    change(trained.files.status, test_accuracy=value)
    assert "test_accuracy" not in trained.status()
    assert trained.status()["best_validation"] > 0.5


def test_an_epoch_row_without_validation_and_a_report_with_a_hole(trained):
    trained.files.metrics.write_text(
        '{"kind":"report","step":5,"epoch":0.5,"losses":[[4,NaN],[5,2.0],[6]]}\n'
        '{"kind":"report","step":6,"epoch":0.6,"losses":[]}\n'
        '{"kind":"epoch","step":9,"epoch":1,"train_accuracy":0.5}\n'
        '{"kind":"epoch","step":9,"epoch":2,"train_accuracy":0.5,"validation_accuracy":"x"}\n'
    )
    report, *epochs = trained.metrics()
    assert (report["losses"], report["images_per_second"]) == ([[5.0, 2.0]], 0.0)
    assert [row["validation_accuracy"] for row in epochs] == [None, None]


def test_a_name_is_shown_so_that_it_can_be_written(trained, capsys):
    trained.files.name.write_text('{"name": "evil\\ud800\\u202e\\n\\u001b[31m' + "x" * 5000 + '"}')
    trained.name.encode()
    assert trained.name.startswith(r"evil\ud800\u202e \x1b[31mxxx")
    assert len(trained.name) == 200
    assert main(["runs"]) == 0
    trained.files.name.write_text('{"name": ["x"]}')
    assert trained.name == trained.id


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"classes": list("0123456789") * 2}, "10 outputs for 20 classes"),
        ({"created": 1e300}, "at created"),
        ({"created": math.nan}, "damaged config.json"),
        ({"dataset": "\ud800" * 500}, "damaged config.json|unknown here"),
        ({"dataset": "x" * 5000}, "'x{59}…', unknown here"),
        ({"mean": 10**400}, "at mean"),
        ({"versions": "x" * 2_000_000}, r"config.json of 2\.\d MB"),
    ],
)
def test_a_foreign_config_gives_one_short_line(trained, changes, words):
    change(trained.files.config, **changes)
    with pytest.raises(runs.RunError, match=words) as error:
        _ = trained.config
    assert len(str(error.value)) < 250


def test_two_classes_where_the_data_set_has_ten(trained):
    architecture = {**trained.config.architecture.model_dump(mode="json"), "head": {"classes": 2}}
    change(trained.files.config, architecture=architecture, classes=["a", "b"])
    with pytest.raises(runs.RunError, match=r"2 classes, but MNIST sample .* has 10"):
        _ = trained.config


def test_what_is_foreign_in_a_config_but_does_no_harm_is_kept(trained):
    change(trained.files.config, preset="gone", device="toaster:9", versions={"torch": "99"})
    assert (trained.config.preset, trained.config.device) == ("gone", "toaster:9")


def test_a_config_is_read_again_when_it_changes(trained):
    assert trained.config is trained.config
    change(trained.files.config, device="cpu:2")
    assert trained.config.device == "cpu:2"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", ["0.weight", "1.running_mean"])
def test_weights_that_are_not_finite_are_refused(trained, capsys, tmp_path, value, place):
    tensors = read_tensors(trained.files.weights)
    tensors[place].view(-1)[0] = value
    write_tensors(trained.files.weights, tensors)
    with pytest.raises(runs.RunError, match="not finite"):
        load_model(trained)
    for command in (["predict", trained.id, "x.png"], ["evaluate", trained.id]):
        assert main(command) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert "not finite" in err


def test_weights_so_large_that_answers_are_no_numbers(trained, capsys, tmp_path):
    tensors = {
        name: torch.full_like(t, 3e38) if t.is_floating_point() else t
        for name, t in read_tensors(trained.files.weights).items()
    }
    write_tensors(trained.files.weights, tensors)
    (tmp_path / "pen.jsonl").write_text('{"strokes": [[[1, 2], [30, 40]]]}\n')
    assert main(["predict", trained.id, str(tmp_path / "pen.jsonl")]) == 1
    assert "no number" in json.loads(capsys.readouterr().out)["error"]
    assert main(["evaluate", trained.id]) == 2
    assert "not finite numbers" in capsys.readouterr().err
    with pytest.raises(runs.RunError, match="not finite"):
        recognition.read(trained, load_model(trained), np.zeros((1, 28, 28), np.float32))


@pytest.mark.parametrize(
    "changes",
    [
        {"images": [[[0] * 28] * 28] * 3},
        {"images": [[[0] * 27] * 28] * 10},
        {"images": [[[999] * 28] * 28] * 10},
        {"labels": [70] * 10},
        {"probabilities": [[1.0] * 4] * 10},
        {"probabilities": "x"},
    ],
)
def test_guesses_of_other_shapes_are_left_out(trained, changes):
    assert len(trained.live()["images"]) == 10
    change(trained.files.live, **changes)
    assert trained.live().keys() == {"step", "filters", "check"}


@pytest.mark.parametrize(
    "filters", [[[[1, 2], [3]]], [[[1]], [[1], [2]]], [[]], [3], [[[math.nan]]]]
)
def test_filters_that_are_no_squares_are_left_out(trained, filters):
    change(trained.files.live, filters=filters)
    assert "filters" not in trained.live()
    assert len(trained.live()["images"]) == 10


@pytest.mark.parametrize("nonsense", [{"median": 0, "deviation": 0, "threshold": math.nan}, {}, 3])
def test_a_calibration_of_nonsense_is_measured_anew(trained, nonsense):
    model, images = load_model(trained), np.zeros((2, 28, 28), np.float32)
    images[0, 5:20, 12:15] = 1
    scores = calibration.digit_scores(trained, model, images)
    kept = json.loads(trained.files.detector_calibration.read_text())
    trained.files.detector_calibration.write_text(json.dumps(dict.fromkeys(kept, nonsense)))
    assert calibration.digit_scores(trained, model, images) == pytest.approx(scores)


def test_a_fine_tuned_run_of_foreign_files(trained):
    digits = {
        "images": torch.zeros(4, 28, 28, dtype=torch.uint8),
        "labels": torch.tensor([1, 2, 3, 4]),
        "held": torch.tensor([True, False, False, False]),
    }
    write_tensors(trained.files.my_digits, digits)
    for content in ('{"test_accuracy": "x"}', "[]", '{"test_accuracy": NaN}', "\x00"):
        trained.files.parent.write_text(content)
        assert finetune.measure_effect(trained).test[0] is None
    for name, tensor in (
        ("images", torch.zeros(4, 27, 28, dtype=torch.uint8)),
        ("images", torch.zeros(4, 28, 28)),
        ("labels", torch.tensor([1, 2, 3, 10])),
        ("labels", torch.tensor(3)),
        ("held", torch.tensor([True])),
    ):
        write_tensors(trained.files.my_digits, {**digits, name: tensor})
        with pytest.raises(runs.RunError, match=r"mine\.safetensors does not hold digits"):
            finetune.measure_effect(trained)


def test_a_long_log_is_read_from_its_end(trained):
    trained.files.log.write_bytes(b"\x1b]0;x\x07" + b"x" * 3_000_000 + b"\nlast \xff line\n")
    assert trained.log().splitlines()[-1] == "last \ufffd line"
    assert len(trained.log()) < 2000


def test_a_long_metrics_file_keeps_nobody_from_reading_another(trained, monkeypatch):
    entered, go_on = threading.Event(), threading.Event()
    read_row = metrics.read_row

    def slow(line: bytes):
        if threading.current_thread() is not threading.main_thread():
            entered.set()
            assert go_on.wait(60)
        return read_row(line)

    monkeypatch.setattr(metrics, "read_row", slow)
    other = runs.Run(trained.path.parent / "other")
    shutil.copytree(trained.path, other.path)
    reading = threading.Thread(target=other.metrics)
    reading.start()
    try:
        assert entered.wait(60)
        assert len(trained.metrics()) > 0
    finally:
        go_on.set()
        reading.join()
