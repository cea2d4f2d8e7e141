"""The command line, in this process: what it prints where, and one clear line for what is wrong."""

from __future__ import annotations

import gzip
import json
import os
import re
import time

import numpy as np
import pytest
from PIL import Image

from cnn import datasets, runs
from cnn.cli import predict
from cnn.cli.main import main
from cnn.network import Architecture
from cnn.presets import PRESETS
from cnn.recognition import calibration, detector
from tests.conftest import SMALL

STROKES = [[[20, 20], [60, 20], [60, 25], [30, 90]]]  # a seven


def refusal(capsys, *arguments: str) -> str:
    """The one line with which wrong arguments are turned down."""
    assert main(list(arguments)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1, err
    assert err.startswith("cnn: ")
    return err


def lines(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def network(tmp_path):
    path = tmp_path / "network.json"
    path.write_text(SMALL.model_dump_json())
    return str(path)


def test_train_ends_with_one_line_of_json(capsys, network, runs_folder):
    arguments = [
        "train",
        "--architecture",
        network,
        "--dataset",
        "mnist-sample",
        "--epochs",
        "1",
        "--device",
        "cpu",
        "--seed",
        "7",
        "--name",
        "From the shell",
        "--set",
        "batch_size=256",
        "--set",
        "shift=1",
    ]
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    result = json.loads(out.splitlines()[-1])
    run = runs.open_run(result["run"])
    assert {"run", "test_accuracy", "seconds", "images_per_second"} <= result.keys()
    assert 0 <= result["test_accuracy"] <= 1
    assert result["test_accuracy"] == pytest.approx(run.status()["test_accuracy"], abs=1e-5)
    assert result["seconds"] == run.status()["train_seconds"] > 0  # as Compare has it
    assert result["seconds_in_all"] > result["seconds"]
    assert result["images_per_second"] > 0
    assert (run.name, run.state, run.config.architecture) == ("From the shell", "finished", SMALL)
    settings = run.config.settings
    assert (settings.epochs, settings.seed, settings.batch_size, settings.shift) == (1, 7, 256, 1)
    assert "epoch 1: train" in err
    assert "s/epoch" not in err and "of training" in err

    main(["runs"])
    listed = capsys.readouterr().out
    assert re.search(rf"{run.id} +finished +mnist-sample +[\d.]+% +From the shell\n", listed)


def test_a_training_that_fails_says_why_in_one_line(capsys, network):
    arguments = ["train", "--architecture", network, "--dataset", "mnist-sample"]
    assert main([*arguments, "--device", "cpu", "--set", "validation_images=3999"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "Hold out at most 3,900" in err.splitlines()[-1]
    assert "Traceback" not in err
    assert [run.state for run in runs.list_runs()] == ["failed"]


@pytest.fixture(autouse=True)
def certain_detector(monkeypatch):
    """Fitting one takes seconds, and has tests of its own: full sheets are no digits here."""
    monkeypatch.setattr(detector, "load", lambda dataset, progress: None)
    monkeypatch.setattr(
        calibration,
        "digit_scores",
        lambda run, model, images: (images.mean(axis=(1, 2)) < 0.4) * 1.0,
    )


def test_predict_says_what_is_no_digit_and_reads_numbers_as_draw_does(capsys, trained, tmp_path):
    sheet = np.full((60, 150), 255, np.uint8)
    sheet[10:50, 30:34] = sheet[10:50, 110:114] = 0  # 1 1
    Image.fromarray(sheet).save(tmp_path / "number.png")
    Image.fromarray(np.pad(np.full((20, 20), 255, np.uint8), 4)).save(tmp_path / "block.png")
    assert (
        main(["predict", trained.id, *(str(tmp_path / f"{n}.png") for n in ("number", "block"))])
        == 0
    )
    number, block = lines(capsys)
    assert [digit["label"] for digit in number["digits"]] == number["label"].split()
    assert len(number["digits"]) == 2 and number["is_digit"]
    assert not block["is_digit"] and "label" in block


def test_predict_says_at_once_that_it_fits_the_detector(capsys, trained, tmp_path, monkeypatch):
    monkeypatch.setattr(
        detector, "load", lambda dataset, progress: [progress(share) for share in (0.0, 0.5, 1.0)]
    )
    Image.fromarray(np.pad(np.full((20, 20), 255, np.uint8), 4)).save(tmp_path / "block.png")
    assert main(["predict", trained.id, str(tmp_path / "block.png")]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    assert err.startswith("cnn: Learning what is no digit, for MNIST sample") and "100%" in err


def test_predict_reads_images_folders_and_strokes(capsys, trained, tmp_path):
    images = datasets.load("mnist-sample")
    folder = tmp_path / "digits"
    folder.mkdir()
    for i in range(12):
        Image.fromarray(255 - images.test_images[i].numpy()).resize((90, 90)).save(
            folder / f"{i:02}.png"
        )
    (folder / "notes.txt").write_text("not a picture, and not looked at")
    assert main(["predict", trained.id, str(folder)]) == 0
    rows = lines(capsys)
    assert [row["item"] for row in rows] == [str(folder / f"{i:02}.png") for i in range(12)]
    right = sum(
        row["label"] == str(int(label))
        for row, label in zip(rows, images.test_labels[:12], strict=True)
    )
    assert right >= 8
    for row in rows:
        assert list(row["probabilities"]) == list("0123456789")
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-4)
        assert row["label"] == max(row["probabilities"], key=row["probabilities"].get)

    assert main(["predict", trained.id, str(folder / "03.png"), str(folder / "00.png")]) == 0
    again = lines(capsys)
    assert [row["item"][-6:] for row in again] == ["03.png", "00.png"]
    assert again[0]["probabilities"] == pytest.approx(rows[3]["probabilities"], abs=1e-4)


def test_predict_reads_strokes_packed_or_not_and_goes_on_after_a_broken_line(
    capsys, trained, tmp_path
):
    good = json.dumps({"label": 7, "strokes": STROKES})
    broken = [
        '{"strokes": [[[1, 2',
        "[]",
        "7",
        '{"label": 3}',
        '{"strokes": []}',
        '{"strokes": "seven"}',
        '{"strokes": [[[1], [2, 3]]]}',
        '{"strokes": [[["a", "b"]]]}',
        "[" * 50_000,
    ]
    text = "\n".join([good, "", *broken, good]) + "\n"
    plain, packed = tmp_path / "pen.jsonl", tmp_path / "pen.jsonl.gz"
    plain.write_text(text)
    packed.write_bytes(gzip.compress(text.encode()))
    answers = []
    for path in (plain, packed):
        assert main(["predict", trained.id, str(path)]) == 1  # something could not be read
        rows = lines(capsys)
        assert [row["item"] for row in rows] == [f"{path}:{n}" for n in (1, *range(3, 13))]
        assert ["error" in row for row in rows] == [False, *[True] * len(broken), False]
        answers.append([row.get("probabilities") for row in rows])
    assert answers[0] == answers[1]
    assert answers[0][0] == answers[0][-1]


def test_predict_names_what_is_no_picture_and_goes_on(capsys, trained, tmp_path):
    good, blank, other = tmp_path / "good.png", tmp_path / "blank.png", tmp_path / "page.html"
    Image.fromarray(255 - datasets.load("mnist-sample").test_images[0].numpy()).save(good)
    Image.fromarray(np.full((40, 40), 255, np.uint8)).save(blank)
    other.write_text("<html>")
    assert main(["predict", trained.id, str(other), str(blank), str(good)]) == 1
    rows = lines(capsys)
    assert ["error" in row for row in rows] == [True, True, False]
    assert "not a picture" in rows[0]["error"]
    assert "no ink" in rows[1]["error"]


def test_predict_refuses_a_run_that_it_cannot_open(capsys, trained):
    for arguments, words in (
        (["unknown", "x.png"], "no run 'unknown'"),
        (["../../etc", "x.png"], "is not the name of a run"),
        ([trained.id], "required: PATH"),
    ):
        assert words in refusal(capsys, "predict", *arguments)


def test_every_item_has_its_own_answer_or_its_own_error(capsys, trained, tmp_path):
    (tmp_path / "empty").mkdir()
    pen, gone, binary = tmp_path / "pen.jsonl", tmp_path / "gone.png", tmp_path / "binary.jsonl"
    pen.write_text(json.dumps({"strokes": STROKES}) + "\n")
    binary.write_bytes(b"\xff\xfe\x00\x81\n" + pen.read_bytes())
    names = [pen, gone, tmp_path / "empty", tmp_path / "gone.jsonl", binary, pen]
    assert main(["predict", trained.id, *map(str, names), "a\0b", "x" * 5000, str(pen)]) == 1
    rows = lines(capsys)
    errors = [row.get("error", "") for row in rows]
    for error, words in zip(
        errors,
        (
            *("", "no such file", "no image in this folder", "no such file"),
            *("not a line of strokes", "", "", "no such file", "too long", ""),
        ),
        strict=True,
    ):
        assert words in error
        assert bool(words) == bool(error)
    assert rows[-1] == rows[0]
    assert len(rows[-2]["item"]) <= 1000


def good_lines(count: int) -> bytes:
    return b"".join(
        json.dumps({"strokes": [[[x + k, y] for x, y in STROKES[0]]]}).encode() + b"\n"
        for k in range(count)
    )


def test_the_whole_lines_before_a_cut_are_read(capsys, trained, tmp_path):
    content = good_lines(80)
    packed = gzip.compress(content[:3000]) + gzip.compress(content[3000:], mtime=0)
    for name, cut in (
        ("plain.jsonl", content[:-20]),
        ("packed.jsonl.gz", packed[:-20]),
        ("middle.jsonl.gz", packed[: len(packed) * 3 // 4]),
        ("damaged.jsonl.gz", gzip.compress(content[:3000]) + b"\x1f\x8b\x08\xff" + bytes(99)),
    ):
        (tmp_path / name).write_bytes(cut)
        assert main(["predict", trained.id, str(tmp_path / name)]) == 1
        *rows, last = lines(capsys)
        assert "error" in last
        assert len(rows) >= (79 if name == "plain.jsonl" else 20)
        items = [f"{tmp_path / name}:{number}" for number in range(1, len(rows) + 1)]
        assert [row["item"] for row in rows] == items
        assert not any("error" in row for row in rows)
    (tmp_path / "whole.jsonl.gz").write_bytes(packed + bytes(512))
    assert main(["predict", trained.id, str(tmp_path / "whole.jsonl.gz")]) == 0
    assert len(lines(capsys)) == 80


@pytest.mark.parametrize("content", [b"", b"not packed", b"\x1f\x8b"])
def test_a_file_that_is_not_packed_is_one_error_or_nothing(capsys, trained, tmp_path, content):
    (tmp_path / "pen.jsonl.gz").write_bytes(content)
    assert main(["predict", trained.id, str(tmp_path / "pen.jsonl.gz")]) == (1 if content else 0)
    assert len(lines(capsys)) == bool(content)


def test_numbers_and_strokes_that_no_hand_draws(capsys, trained, tmp_path):
    many = [[[1, 2], [3, 4]]] * 501
    bad = [
        '{"strokes": [[[1, %s], [3, 4]]]}' % ("9" * 400),
        '{"strokes": [[[1, %s], [3, 4]]]}' % ("9" * 5000),
        '{"strokes": [[[1, 1e300], [3, -1e300]]]}',
        '{"strokes": [[[NaN, NaN]]]}',
        json.dumps({"strokes": many}),
        json.dumps({"strokes": [[[1, 2]] * 200_000]}),
        f'{{"strokes": {"[" * 1000}1{"]" * 1000}}}',
        '{"\\ud800": "\\ud800"}',
    ]
    (tmp_path / "pen.jsonl").write_bytes("\n".join(bad).encode() + b"\n" + good_lines(1))
    began = time.monotonic()
    assert main(["predict", trained.id, str(tmp_path / "pen.jsonl")]) == 1
    assert time.monotonic() - began < 20
    rows = lines(capsys)
    assert ["error" in row for row in rows] == [True] * len(bad) + [False]
    assert "far too large" in rows[0]["error"]
    assert "more than 500 strokes" in rows[4]["error"]
    assert "50,000 points" in rows[5]["error"]


def test_answers_are_given_before_the_last_item_is_read(capsys, trained, monkeypatch):
    """A batch ends in time, also where its items come slowly."""
    monkeypatch.setattr(predict, "BATCH_SECONDS", 0.0)
    seen = []

    def items(paths, split):
        for name in paths:
            seen.append(len(lines(capsys)))
            yield name, "no picture"

    monkeypatch.setattr(predict, "_items", items)
    assert main(["predict", trained.id, "a", "b", "c"]) == 1
    assert seen == [0, 1, 1]


def test_predict_with_a_damaged_run_says_what_is_damaged(capsys, trained, tmp_path):
    picture = tmp_path / "a.png"
    Image.fromarray(datasets.load("mnist-sample").test_images[0].numpy()).save(picture)
    (trained.path / "live.safetensors").write_bytes(b"half")
    assert "live.safetensors" in refusal(capsys, "predict", trained.id, str(picture))
    (trained.path / "config.json").write_text('{"version"')
    assert "damaged config.json" in refusal(capsys, "predict", trained.id, str(picture))
    assert "damaged config.json" in refusal(capsys, "evaluate", trained.id)
    assert main(["runs"]) == 0
    assert f"{trained.id}  damaged: " in capsys.readouterr().out


def test_evaluate_prints_every_figure(capsys, trained):
    assert main(["evaluate", trained.id]) == 0
    (row,) = lines(capsys)
    assert (row["run"], row["dataset"], row["test_images"]) == (trained.id, "mnist-sample", 1000)
    confusion = np.array(row["confusion"])
    assert confusion.sum() == 1000
    assert row["test_accuracy"] == pytest.approx(np.trace(confusion) / 1000)
    assert [c["label"] for c in row["classes"]] == list("0123456789")
    assert [c["support"] for c in row["classes"]] == [100] * 10
    low, high = row["interval"]
    assert low < row["test_accuracy"] < high and row["top_2"] > row["test_accuracy"]
    assert row["test_loss"] > 0 and 0 < row["calibration_error"] < 1
    assert main(["evaluate", trained.id, "--epoch", "0"]) == 0  # untrained: guesses
    (first,) = lines(capsys)
    assert (first["epoch"], row["epoch"]) == (0, None)
    assert first["test_accuracy"] < 0.4 < row["test_accuracy"]
    assert "has not kept the weights after epoch 99" in refusal(
        capsys, "evaluate", trained.id, "--epoch", "99"
    )


def test_lists(capsys):
    assert main(["runs"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["devices"]) == 0
    assert capsys.readouterr().out.startswith("cpu ")
    assert main(["presets"]) == 0
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines()] == list(PRESETS)
    assert "7,850 parameters" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["train", "--preset", "alexnet"], "invalid choice: 'alexnet'"),
        (["train", "--dataset", "imagenet"], "invalid choice: 'imagenet'"),
        (["train", "--dataset", "kmnist"], "KMNIST is not in"),
        (["train", "--epochs", "many"], "invalid int value: 'many'"),
        (["train", "--epochs", "0"], "epochs: a whole number from 1 to 200 is allowed, not '0'."),
        (["train", "--seed", "-1"], "seed: a whole number from 0 to 2,147,483,647"),
        (["train", "--set", "speed=9"], "'speed=9': settings are given as key=value"),
        (["train", "--set", "batch_size=0"], "batch_size: a whole number from 1 to 4,096"),
        (["train", "--set", "optimizer=lion"], "optimizer: 'sgd', 'nesterov'"),
        (["train", "--device", "cuda:63", "--dataset", "mnist-sample"], "no device 'cuda:63'"),
        (["train", "--device", "toaster", "--dataset", "mnist-sample"], "no device 'toaster'"),
        (["train", "--architecture", "none.json"], "none.json: No such file"),
        (["train", "--architecture", "."], ".: it is no plain file"),
        (["train", "--preset", "compact", "--architecture", "x.json"], "not allowed with"),
        (["train", "--speed"], "unrecognized arguments: --speed"),
        (["evaluate", "unknown"], "no run 'unknown'"),
        (["evaluate"], "required: run"),
        (["worker", "unknown"], "no run 'unknown'"),
        (["download", "mnist-sample"], "invalid choice: 'mnist-sample'"),
    ],
)
def test_a_wrong_argument_gives_one_clear_line(
    capsys, arguments, words, tmp_path, monkeypatch, runs_folder
):
    monkeypatch.setenv("CNN_DATA_DIR", str(tmp_path / "empty"))
    monkeypatch.chdir(tmp_path)
    assert words in refusal(capsys, *arguments)
    assert list(runs_folder.iterdir()) == []  # nothing was begun


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not JSON"),
        ("[]", "a list 'layers'"),
        ('{"layers": [{"kind": "conv9d"}]}', "conv9d"),
        ('{"layers": [{"kind": "conv2d", "filters": 0}]}', "Layer 1 (conv2d), field 'filters'"),
        (Architecture(layers=SMALL.layers[:1]).model_dump_json(), "Layer 2"),
    ],
)
def test_an_architecture_that_cannot_work_names_its_layer(capsys, tmp_path, content, words):
    (tmp_path / "network.json").write_text(content)
    assert words in refusal(capsys, "train", "--architecture", str(tmp_path / "network.json"))


@pytest.mark.parametrize("command", [[], ["train"], ["predict"], ["evaluate"], ["download"]])
def test_help_fits_the_screen(capsys, command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: python -m cnn")
    assert max(map(len, out.splitlines())) <= 80
    assert len(out.splitlines()) < 40


def test_predict_drops_no_point_and_waits_for_no_pipe(capsys, trained, tmp_path):
    strokes, picture, pipe = (tmp_path / name for name in ("a.jsonl", "pipe.png", "pipe.jsonl"))
    strokes.write_text('{"strokes": [[[10, 10], [NaN, 50], [10, 90]]]}\n')
    os.mkfifo(picture)
    os.mkfifo(pipe)
    assert main(["predict", trained.id, str(strokes), str(picture), str(pipe)]) == 1
    said = [row["error"] for row in lines(capsys)]
    assert "no finite number" in said[0]
    assert all("no plain file" in text or "Invalid argument" in text for text in said[1:]), said
