"""The runs that come with the app: whole, small, of nobody's machine, and never changed."""

from __future__ import annotations

import getpass
import re
import shutil
import socket
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from cnn import datasets, evaluation, runs
from cnn.common.paths import PROJECT
from cnn.inspection import surgery
from cnn.presets import PRESETS
from cnn.recognition import calibration, detector
from cnn.runs import finetune
from cnn.runs.examples import publish
from cnn.runs.weights import load_model, score_test_set
from cnn.runs.worker import main as worker
from cnn.runs.worker import run_worker
from tests.cnn.runs.test_finetune import drawings

IDS = ("example-compact", "example-tutorial")
MOST_BYTES, MOST_DETECTOR = 2_600_000, 200_000
# The sample's test images are 1,000 of MNIST's training images, so the networks have seen most.
TOLERANCE = {"example-compact": 0.01, "example-tutorial": 0.02}


@pytest.fixture
def unchanged(examples: Path):
    """Nothing that the test does writes into the examples' folder."""
    before = contents(examples)
    yield examples
    assert contents(examples) == before


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("run_id", IDS)
def test_they_read_the_samples_images_as_well_as_their_test_set(unchanged, run_id):
    run = runs.open_run(run_id)
    images = datasets.load("mnist-sample")
    probabilities = evaluation.predict(run, images.test_images)
    accuracy = (probabilities.argmax(1) == images.test_labels.numpy()).mean()
    assert abs(accuracy - run.status()["test_accuracy"]) < TOLERANCE[run_id]


@pytest.mark.parametrize("run_id", IDS)
def test_they_hold_every_epoch_and_all_that_pages_show(unchanged, run_id):
    run = runs.open_run(run_id)
    config, status = run.config, run.status()
    preset = PRESETS[str(config.preset)]
    assert run.is_example and status["state"] == "finished"
    assert (config.architecture, config.settings) == (preset.architecture, preset.settings)
    assert (config.dataset, set(config.versions)) == ("mnist", {"python", "torch", "torchvision"})
    assert run.checkpoints() == list(range(config.settings.epochs + 1))
    for epoch in (None, *run.checkpoints()):
        assert all(t.isfinite().all() for t in load_model(run, epoch).state_dict().values())
    assert [row["epoch"] for row in run.metrics() if row["kind"] == "epoch"]
    assert len(run.live()["images"]) == 10
    assert len(run.live().get("filters", [])) == (24 if "compact" in run_id else 0)
    kept = evaluation.test_probabilities(run)
    assert kept is not None and kept.shape == (10_000, 10)


def test_they_are_small_and_of_nobodys_machine(examples):
    files = contents(examples)
    own = sum(len(content) for path, content in files.items() if path.parent != examples)
    assert own <= MOST_BYTES
    shipped = [path for path in files if path.parent == examples]
    assert [path.name for path in shipped] == [detector.path_of("mnist").name]
    assert len(files[shipped[0]]) <= MOST_DETECTOR
    words = [str(Path.home()), str(PROJECT), socket.gethostname(), "/tmp", "/home", "worker"]
    if getpass.getuser() != "root":
        words.append(getpass.getuser())
    for path, content in files.items():
        if path.suffix in (".json", ".jsonl"):
            text = content.decode()
            assert not [word for word in words if word in text], path
            pictures = re.compile(r'"(?:data|image)":"[A-Za-z0-9+/=]*"')  # base64 has slashes too
            assert not re.search(r'"[^"]*(/\w+){2}|[A-Z]:\\\\', pictures.sub("", text)), path
    names = {path.name for path in files}
    assert not names & {"log.txt", "worker.lock", "process.json", "control.json", "resume.json"}


def test_they_stand_after_ones_own_and_are_never_the_newest(unchanged, trained):
    assert [run.id for run in runs.list_runs()] == [trained.id, *IDS]
    assert runs.newest_run() == trained
    trained.delete()
    assert runs.newest_run() == runs.open_run(IDS[0])


def test_nobody_changes_trains_or_deletes_one(unchanged):
    run = runs.open_run(IDS[0])
    for change in (
        lambda: run.rename("Mine"),
        run.delete,
        lambda: run.send(stop=True),
        lambda: runs.launch(run),
        lambda: runs.start_again(run),
        lambda: run_worker(run, background=False),
    ):
        with pytest.raises(runs.RunError, match="is an example that comes with the app"):
            change()
    assert worker([run.id]) == 2
    assert not run.can_resume() and not run.can_start_again()


def test_what_is_made_of_one_is_ones_own(unchanged, runs_folder):
    run = runs.open_run(IDS[0])
    taught = finetune.create_run(run, drawings(), epochs=1)
    operated = surgery.keep(run, 2, [surgery.SwitchOff(1, 0)])
    again = runs.retry(run, {"learning_rate": 0.001})
    for made in (taught, operated, again):
        assert made.path.parent == runs_folder and not made.is_example
        made.rename("Mine")
    assert run_worker(taught, background=False) == "finished", taught.status()
    # Nothing is known of the operated network's test set, which is not here.
    assert "test_accuracy" not in operated.status()


def test_scoring_one_leaves_its_results_as_they_are(unchanged, monkeypatch):
    """Where its data set is on disk; here the sample stands for that."""
    run = runs.open_run(IDS[1])
    sample = datasets.load("mnist-sample")
    assert 0.9 < score_test_set(run, sample) < 0.96
    monkeypatch.setattr(datasets, "load", lambda _: sample)
    assert 0.9 < evaluation.score_test_set(run) < 0.96


def test_is_it_a_digit_is_answered_at_once_for_every_epoch(unchanged, monkeypatch):
    """No fit, and no calibration: both came along."""
    monkeypatch.setattr(detector, "_detectors", {})
    monkeypatch.setattr(detector, "fit", lambda *_: pytest.fail("fitted"))
    monkeypatch.setattr(detector, "held_out_images", lambda *_: pytest.fail("calibrated"))
    images = datasets.load("mnist-sample").test_images[:200]
    for run_id in IDS:
        run = runs.open_run(run_id)
        for epoch in (None, *run.checkpoints()):
            scores = calibration.digit_scores(run, load_model(run, epoch), images)
            assert (scores >= calibration.THRESHOLD).mean() > 0.9
    noise = np.random.default_rng(0).random((1, 28, 28), np.float32)
    assert calibration.digit_scores(run, load_model(run), noise)[0] < calibration.THRESHOLD


def test_a_run_of_ones_own_is_calibrated_by_the_images_at_hand(unchanged, trained, monkeypatch):
    """The detector came without its held-out images; those at hand give nearly the same."""
    monkeypatch.setattr(detector, "_detectors", {})
    fitted = detector.load("mnist")
    assert len(fitted.held_out) == 0
    found = detector.held_out_images(fitted, "mnist")
    assert found.shape == (800, 28, 28) and found.dtype == torch.uint8
    assert torch.equal(found, detector.held_out_images(fitted, "mnist"))
    refused = (fitted.logits(found / 255) < fitted.threshold).float().mean()
    assert abs(float(refused) - detector.REFUSED) < 0.02


@pytest.mark.parametrize("damage", ["no folder", "a file", "no config", "no weights"])
def test_lists_survive_what_is_missing(examples, trained, tmp_path, monkeypatch, damage):
    folder = tmp_path / "copied"
    if damage == "a file":
        folder.write_text("")
    elif damage != "no folder":
        shutil.copytree(examples, folder)
    monkeypatch.setenv("CNN_EXAMPLES_DIR", str(folder))
    if damage == "no config":
        (folder / IDS[0] / "config.json").write_text("{")
    elif damage == "no weights":
        shutil.rmtree(folder / IDS[0] / "checkpoints")
    problems = {run.id: problem for run, problem in runs.survey()}
    assert problems[trained.id] is None and runs.newest_run() == trained
    assert len(problems) == (3 if folder.is_dir() else 1)
    if damage == "no config":
        assert f"The example '{IDS[0]}' is damaged. Get the folder" in str(problems[IDS[0]])
    if damage == "no weights":
        with pytest.raises(runs.RunError, match="no weights yet"):
            runs.open_run(IDS[0]).weights_path()


def test_no_other_folder_passes_for_one(unchanged, runs_folder, tmp_path):
    """An example's id means the example; what lies elsewhere under its name is said to."""
    shutil.copytree(unchanged / IDS[0], runs_folder / IDS[0])
    (runs_folder / IDS[1]).symlink_to(tmp_path)
    assert runs.open_run(IDS[0]).is_example and runs.open_run(IDS[1]).is_example
    (clash,) = [problem for run, problem in runs.survey() if problem]
    assert clash == f"'{IDS[0]}' has the name of an example. Give the folder another name."
    for name in (f"../examples/{IDS[0]}", f"{IDS[0]}/checkpoints", "digit-detector-3-mnist"):
        with pytest.raises(runs.RunError):
            runs.open_run(name)


def test_an_example_leaves_behind_what_is_of_one_machine(trained, tmp_path):
    trained.files.lock.touch()
    trained.files.log.write_text("/home/somebody")
    folder = tmp_path / "examples" / "example-small"
    folder.mkdir(parents=True)
    (folder / "of before.txt").touch()
    publish(trained, folder)
    made = runs.Run(folder)
    assert {path.name for path in folder.iterdir()} == {
        *("checkpoints", "config.json", "name.json", "status.json"),
        *("metrics.jsonl", "live.json", "test.safetensors", "frames.jsonl"),
    }
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    assert (made.config, made.name) == (trained.config, trained.name)
    before, after = (load_model(run).state_dict() for run in (trained, made))
    assert all(torch.equal(before[name], after[name]) for name in before)
    kept, whole = evaluation.test_probabilities(made), evaluation.test_probabilities(trained)
    assert kept is not None and whole is not None
    assert np.array_equal(kept.argmax(1), whole.argmax(1)) and np.abs(kept - whole).max() < 1e-3
    assert load_file(made.files.test_probabilities)["probabilities"].dtype == np.float16


def test_newest_weights_that_are_no_epochs_are_kept(trained, tmp_path):
    """Of a run that stopped early they are those of its best epoch."""
    shutil.copyfile(trained.files.checkpoint(1), trained.files.weights)
    publish(trained, tmp_path / "example-small")
    assert runs.Run(tmp_path / "example-small").weights_path().name == "live.safetensors"


def test_only_a_finished_run_becomes_an_example(trained, tmp_path):
    trained.write_status(state="stopped")
    with pytest.raises(runs.RunError, match="only a finished run"):
        publish(trained, tmp_path / "example-small")
