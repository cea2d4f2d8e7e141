"""`make-examples`, on the sample: what it makes is what the app looks for."""

from __future__ import annotations

import pytest

from cnn import runs
from cnn.cli import examples as command
from cnn.cli.main import main
from cnn.recognition import detector
from cnn.runs.weights import load_model


@pytest.fixture
def small_detector(monkeypatch):
    monkeypatch.setattr(detector, "IMAGES", 300)
    monkeypatch.setattr(detector, "LETTERS", 30)
    monkeypatch.setattr(detector, "EPOCHS", 1)
    monkeypatch.setattr(detector, "_detectors", {})


def test_it_makes_all_that_comes_with_the_app(
    small_detector, monkeypatch, tmp_path, runs_folder, capsys
):
    monkeypatch.setattr(command, "PRESETS_OF", {"example-tutorial": "tutorial"})
    folder = tmp_path / "made"
    assert main(["make-examples", "--dataset", "mnist-sample", "--folder", str(folder)]) == 0
    assert "on the test set" in capsys.readouterr().err
    assert [path for path in runs_folder.iterdir() if path.name[0] != "."] == []
    monkeypatch.setenv("CNN_EXAMPLES_DIR", str(folder))
    assert {path.name for path in folder.iterdir()} == {
        "example-tutorial",
        detector.path_of("mnist-sample").name,
    }
    run = runs.open_run("example-tutorial")
    assert run.is_example and run.checkpoints() == [0, 1, 2, 3, 4, 5]
    assert run.status()["test_accuracy"] > 0.8
    assert main(["runs"]) == 0
    assert "example-tutorial  example  " in capsys.readouterr().out

    monkeypatch.setattr(detector, "fit", lambda *_: pytest.fail("fitted again"))
    monkeypatch.setattr(detector, "held_out_images", lambda *_: pytest.fail("calibrated again"))
    from cnn.datasets import load
    from cnn.recognition.calibration import digit_scores

    assert digit_scores(run, load_model(run), load("mnist-sample").test_images[:5]).shape == (5,)


def test_it_says_that_the_data_set_is_missing(tmp_path, capsys):
    assert main(["make-examples", "--folder", str(tmp_path / "made")]) == 2
    assert "python -m cnn download mnist" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()
