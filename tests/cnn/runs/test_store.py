"""The run folder: made, opened, renamed, deleted, and damaged in all ways."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from cnn import runs
from cnn.common import files
from cnn.network import Architecture
from cnn.network.layers import Conv2d, Flatten, Linear, MaxPool2d
from cnn.runs import locks, starting, worker
from cnn.runs.folders import changing_runs
from cnn.runs.weights import load_model
from cnn.training import Settings
from tests.conftest import SMALL, SMALL_SETTINGS

ROOT = Path(__file__).parents[3]


@pytest.fixture
def run(runs_folder) -> runs.Run:
    return runs.new(SMALL, SMALL_SETTINGS, "mnist-sample", "cpu", name="A run")


def full_disk(*_args, **_kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# --- made, opened, renamed, deleted


def test_a_new_run_holds_all_that_repeating_it_needs(run):
    config = runs.open_run(run.id).config
    assert (config.architecture, config.settings) == (SMALL, SMALL_SETTINGS)
    assert (config.dataset, config.device, config.classes) == (
        "mnist-sample",
        "cpu",
        tuple("0123456789"),
    )
    assert (config.mean, config.std) == run.preprocessing == (0.1307, 0.3081)
    assert config.validation_images == 500  # the data set's usual number
    assert set(config.versions) == {"python", "torch", "torchvision"}
    assert run.last_status()["state"] == "queued"
    assert run.name == "A run"
    assert [r.id for r in runs.list_runs()] == [run.id]


def test_the_pixels_setting_decides_the_normalisation(runs_folder):
    run = runs.new(SMALL, Settings(normalisation="0-1"), "mnist-sample")
    assert run.preprocessing == (0.0, 1.0)


def test_a_run_without_a_name_says_what_it_trains_on(runs_folder):
    assert runs.new(SMALL, Settings(), "mnist-sample").name == "My network on MNIST sample"
    named = runs.new(SMALL, Settings(), "mnist-sample", preset="compact")
    assert named.name == "Compact CNN on MNIST sample"


def test_names_that_are_no_folder_names_still_give_a_folder_inside(runs_folder):
    for name in ("../../etc", "ß/ü", "  ", "x" * 500, "con\x00trol"):
        run = runs.new(SMALL, Settings(), "mnist-sample", name=name)
        assert run.path.parent == runs_folder
        assert runs.open_run(run.id).path == run.path


def test_runs_are_listed_newest_first(runs_folder):
    made = []
    for second in range(3):
        run = runs.new(SMALL, Settings(), "mnist-sample")
        config = run.config.model_copy(update={"created": 1e9 + second})
        files.write_json(run.files.config, config.model_dump(mode="json"))
        made.append(run.id)
    assert [r.id for r in runs.list_runs()] == made[::-1]


def test_renaming_keeps_the_folder_and_needs_a_letter(run):
    run.rename("  My \n best   net ")
    assert (runs.open_run(run.id).name, run.id) == ("My best net", run.path.name)
    run.rename("n" * 200)
    assert run.name == "n" * 80
    with pytest.raises(runs.RunError, match="at least one letter"):
        run.rename(" \n")
    assert run.name == "n" * 80


def test_deleting_removes_the_folder(run):
    run.delete()  # queued as it says, but nobody works on it
    assert not run.path.exists()
    assert runs.list_runs() == []
    with pytest.raises(runs.RunError, match="could not be deleted: No such file"):
        run.delete()


def test_a_network_with_too_few_outputs_is_refused(runs_folder):
    network = SMALL.model_copy(update={"head": SMALL.head.model_copy(update={"classes": 5})})
    with pytest.raises(runs.RunError, match="5 outputs for 10 classes"):
        runs.new(network, Settings(), "mnist-sample")
    assert list(runs_folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(runs_folder, monkeypatch):
    monkeypatch.setenv("CNN_RUNS_DIR", str(runs_folder / "file" / "below"))
    (runs_folder / "file").write_text("")
    with pytest.raises(runs.RunError, match="could not be made"):
        runs.new(SMALL, Settings(), "mnist-sample")


# --- hostile names


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "a/b", "/etc", "a\\b", "-rf", ".devices", "a\x00b", "a\n", "x" * 200],
)
def test_what_is_no_name_of_a_run_opens_nothing(run, name):
    with pytest.raises(runs.RunError, match="is not the name of a run"):
        runs.open_run(name)


def test_an_unknown_run_and_a_link_out_of_the_folder_open_nothing(run, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "config.json").write_bytes((run.path / "config.json").read_bytes())
    (run.path.parent / "link").symlink_to(outside)
    for name in ("link", "unknown"):
        with pytest.raises(runs.RunError, match=f"no run '{name}'"):
            runs.open_run(name)
    assert [r.id for r in runs.list_runs()] == [run.id]


# --- damage


def damaged(run: runs.Run, **changes) -> None:
    config = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps({**config, **changes}))


TOO_DEEP = Architecture(layers=(*(MaxPool2d(),) * 5, Flatten())).model_dump(mode="json")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda r: (r.path / "config.json").unlink(), "holds no config.json"),
        (lambda r: (r.path / "config.json").write_text('{"architec'), "damaged config.json"),
        (lambda r: (r.path / "config.json").write_bytes(b"\xff\xfe\x00"), "damaged config.json"),
        (lambda r: (r.path / "config.json").write_text("[1, 2]"), "damaged config.json"),
        (lambda r: (r.path / "config.json").write_text("[" * 99_999), "damaged config.json"),
        (lambda r: damaged(r, std=0), "at std"),
        (lambda r: damaged(r, settings={"epochs": 0}), "at settings.epochs"),
        (lambda r: damaged(r, version=9), "at version"),
        (lambda r: damaged(r, dataset="imagenet"), "'imagenet', unknown here"),
        (lambda r: damaged(r, architecture=TOO_DEEP), "cannot work: Layer 5"),
        (lambda r: damaged(r, classes=["a", "b"]), "10 outputs for 2 classes"),
    ],
)
def test_a_damaged_config_is_named_and_the_survey_goes_on(run, spoil, words):
    good = runs.new(SMALL, Settings(), "mnist-sample")
    spoil(run)
    with pytest.raises(runs.RunError, match=words) as error:
        _ = runs.open_run(run.id).config
    assert run.id in str(error.value)
    assert [r.id for r in runs.list_runs()] == [good.id]
    assert {r.id: problem for r, problem in runs.survey()} == {
        good.id: None,
        run.id: str(error.value),
    }
    run.write_status(state="failed")
    run.delete()  # what cannot be read can still be deleted
    assert not run.path.exists()


def test_unknown_keys_of_a_newer_app_are_overlooked(run):
    damaged(run, colour="blue")
    assert run.config.architecture == SMALL


@pytest.mark.parametrize("content", [None, "", '{"state": "run', "[]", '{"state": ["x"]}'])
def test_a_status_that_cannot_be_read_means_interrupted(run, content):
    (run.path / "status.json").unlink()
    if content is not None:
        (run.path / "status.json").write_text(content)
    assert run.state == "interrupted"
    assert not run.can_resume()


def test_foreign_metadata_do_no_harm(run):
    for file in ("name.json", "live.json", "control.json", "process.json", "metrics.jsonl"):
        (run.path / file).write_text("[1")
    (run.path / "checkpoints" / "epoch-x.safetensors").write_text("")
    (run.path / "checkpoints" / "epoch-².safetensors").write_text("")
    assert (run.name, run.live(), run.control(), run.metrics()) == (run.id, {}, {}, [])
    assert run.checkpoints() == []
    assert run.log() == ""


# --- whether the worker lives


@pytest.fixture
def held(run) -> Iterator[locks.Lock]:
    """The run's lock, as its worker holds it."""
    lock = locks.Lock.take(run.files.lock)
    assert lock
    yield lock
    lock.release()


def test_alive_means_that_somebody_holds_the_lock(run):
    run.write_status(state="running", step=3)
    assert run.state == "interrupted"  # no lock file: a run of an older version, or never started
    run.write_process(os.getpid())  # a pid says nothing: numbers are given out again
    assert run.state == "interrupted"
    lock = locks.Lock.take(run.files.lock)
    assert lock and run.state == "running"
    assert run.status()["step"] == 3
    lock.release()
    assert run.status() == {**run.status(), "state": "interrupted", "step": 3}


@pytest.mark.parametrize("written", ["queued", "running", "paused"])
def test_a_holder_that_is_killed_is_gone_at_once_and_a_clock_decides_nothing(run, written):
    run.write_status(state=written)
    code = "import sys, pathlib; from cnn.runs.locks import Lock; "
    code += "assert Lock.take(pathlib.Path(sys.argv[1])); print('held', flush=True); input()"
    command = [sys.executable, "-c", code, str(run.files.lock)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:
        assert process.stdout.readline() == b"held\n"
        assert run.state == written
        for file in run.path.iterdir():
            os.utime(file, (0, 0))  # however wrong the clock is
        assert run.state == written
        process.kill()
        process.wait()
    assert run.state == "interrupted"


def test_whoever_inherits_a_lock_holds_it_when_the_first_has_gone(run, held):
    code = "import sys; from cnn.runs.locks import Lock; lock = Lock.inherited(int(sys.argv[1])); "
    code += "print('held', flush=True); input(); lock.release()"
    command = [sys.executable, "-c", code, str(held.handle)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, pass_fds=(held.handle,), **pipes) as process:
        held.leave()
        assert process.stdout.readline() == "held\n"
        assert run.is_alive()
        assert locks.Lock.take(run.files.lock) is None
        process.communicate("\n")
    assert not run.is_alive()


def test_a_lock_whose_folder_was_deleted_meanwhile_is_no_lock(run, held):
    held.release()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(locks, "_is_same_file", lambda *_: False)
        assert locks.Lock.take(run.files.lock, 0.02) is None
    run.delete()
    with pytest.raises(FileNotFoundError):
        locks.Lock.take(run.files.lock)
    with pytest.raises(runs.RunError, match="cannot be started: No such file"):
        runs.launch(run)


def no_process(*_args, **_named):
    pytest.fail("a worker was started")


def test_a_run_that_is_trained_already_is_not_started_twice(run, held, monkeypatch):
    run.write_status(state="running")
    monkeypatch.setattr(subprocess, "Popen", no_process)
    for start in (runs.launch, runs.start_again):
        with pytest.raises(runs.RunError, match="is being trained already"):
            start(run)
    assert run.state == "running"
    with pytest.raises(runs.RunError, match="Stop it first"):
        run.delete()


def test_a_worker_that_is_ending_is_waited_for_and_then_named(run, held, monkeypatch):
    run.write_status(state="stopped")
    monkeypatch.setattr(subprocess, "Popen", no_process)
    monkeypatch.setattr(starting, "ENDING_SECONDS", 0.0)
    with pytest.raises(runs.RunError, match="is still ending"):
        runs.launch(run)
    with pytest.raises(runs.RunError, match="is still ending"):
        run.delete()
    assert run.path.is_dir()


def test_a_finished_run_is_not_trained_again(trained, monkeypatch):
    before = trained.files.weights.read_bytes()
    monkeypatch.setattr(subprocess, "Popen", no_process)
    for start in (runs.launch, runs.start_again, worker.run_worker):
        with pytest.raises(runs.RunError, match="has finished: there is nothing left to train"):
            start(trained)
    assert worker.main([trained.id]) == 2
    assert trained.state == "finished" and trained.files.weights.read_bytes() == before


# --- a run that ended early


def test_a_run_without_a_state_to_go_on_from_can_start_again(run):
    assert (run.state, run.can_resume(), run.can_start_again()) == ("interrupted", False, True)
    for state in ("stopped", "failed", "running", "queued"):
        run.write_status(state=state)
        assert (run.can_resume(), run.can_start_again()) == (False, True), state
    tensors = run.files.resume_tensors(7)
    files.write_tensors(tensors, {"x": torch.zeros(100)})
    files.write_json(run.files.resume, {"file": tensors.name, "step": 7})
    assert (run.can_resume(), run.can_start_again()) == (True, False)
    tensors.write_bytes(tensors.read_bytes()[:-1])  # a copy of the folder that was cut short
    assert (run.can_resume(), run.can_start_again()) == (False, True)
    run.write_status(state="finished")
    assert (run.can_resume(), run.can_start_again()) == (False, False)


def test_a_run_that_is_alive_can_neither_resume_nor_start_again(run, held):
    run.write_status(state="running")
    assert (run.can_resume(), run.can_start_again()) == (False, False)


def test_starting_again_clears_what_the_earlier_attempt_left(trained, monkeypatch):
    made = {"config.json", "name.json", "status.json", "log.txt", "checkpoints", "worker.lock"}
    trained.files.log.write_text("an earlier attempt")
    (trained.files.checkpoints / ".epoch-003.safetensors.0a1b2c3d").write_text("half")
    trained.send(learning_rate=0.5, stop=True)
    trained.write_status(state="failed", step=9, test_accuracy=0.5)
    with changing_runs():
        starting.prepare(trained)
    assert {path.name for path in trained.path.iterdir()} == made
    assert not list(trained.files.checkpoints.iterdir())
    assert (trained.metrics(), trained.control()) == ([], {})
    assert set(trained.last_status()) == {"state", "message", "heartbeat"}


def test_resuming_clears_nothing(trained):
    kept = trained.files.metrics.read_bytes()
    files.write_json(trained.files.resume, {"file": "resume-9.safetensors", "step": 9})
    trained.send(learning_rate=0.5, stop=True, paused=True)
    trained.write_status(state="stopped", step=9)
    with changing_runs():
        starting.prepare(trained)
    assert trained.files.metrics.read_bytes() == kept
    assert trained.control() == {"learning_rate": 0.5}  # all else was asked of the earlier attempt
    assert trained.last_status()["step"] == 9


def test_a_worker_that_cannot_be_started_is_said(run, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", full_disk)
    with pytest.raises(runs.RunError, match="could not be started"):
        runs.launch(run)


# --- writing


def fail_in_replace(patch):
    patch.setattr(Path, "replace", full_disk)
    patch.setattr(os, "replace", full_disk)


def fail_in_write(patch):
    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        write = full_disk

    opened = Path.open

    def open_on_a_full_disk(path, mode="r", *rest, **more):
        file = opened(path, mode, *rest, **more)
        if mode != "xb":
            return file
        file.close()
        return Full()

    patch.setattr(Path, "open", open_on_a_full_disk)


@pytest.mark.parametrize("fail", [fail_in_replace, fail_in_write])
def test_a_full_disk_leaves_the_old_file_whole_and_nothing_beside_it(run, fail):
    run.rename("before")
    run.send(learning_rate=0.5)
    listing = sorted(p.name for p in run.path.iterdir())
    with pytest.MonkeyPatch.context() as patch:
        fail(patch)
        for attempt in (lambda: run.rename("after"), lambda: run.send(stop=True)):
            with pytest.raises(runs.RunError, match="No space left"):
                attempt()
        with pytest.raises(OSError, match="No space left"):
            run.write_status(state="running")
        with pytest.raises(runs.RunError, match="No space left"):
            runs.new(SMALL, Settings(), "mnist-sample")
    assert (run.name, run.control()) == ("before", {"learning_rate": 0.5})
    assert sorted(p.name for p in run.path.iterdir()) == listing
    assert [r.id for r in runs.list_runs()] == [run.id]


def test_what_is_sent_adds_to_what_was_sent(run):
    run.send(learning_rate=0.5)
    run.send(paused=True)
    run.send(paused=False)
    assert run.control() == {"learning_rate": 0.5, "paused": False}


# --- weights


def test_a_run_that_learned_nothing_yet_says_so(run):
    for epoch in (None, 3):
        with pytest.raises(runs.RunError, match="'A run' has no weights yet"):
            load_model(run, epoch)


def test_without_the_newest_weights_the_last_checkpoint_serves(trained):
    assert trained.weights_path().name == "live.safetensors"
    (trained.path / "live.safetensors").unlink()
    assert trained.weights_path().name == "epoch-002.safetensors"
    assert trained.checkpoints() == [0, 1, 2]


class Bomb:
    def __reduce__(self):
        return (os.mkdir, ("exploded",))


def test_damaged_weights_are_named_and_never_unpickled(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = trained.path / "live.safetensors"
    whole = path.read_bytes()
    other = Architecture(layers=(Conv2d(), Flatten(), Linear()))
    torch.save({"weights": Bomb()}, tmp_path / "pickle")
    for content in (b"", whole[:100], whole[:-7], b"\xff" * 64, (tmp_path / "pickle").read_bytes()):
        path.write_bytes(content)
        with pytest.raises(runs.RunError, match=r"live\.safetensors of 'Small, trained'.*damaged"):
            load_model(trained)
    assert not (tmp_path / "exploded").exists()
    files.write_tensors(path, other.build().state_dict())
    with pytest.raises(runs.RunError, match="belong to another network"):
        load_model(trained)
    load_model(trained, 2)  # the checkpoints are as they were


def test_a_folder_in_the_place_of_the_lock_keeps_nobody_out(trained):
    """As a foreign run may hold it: it is launched and deleted as any."""
    trained.files.lock.unlink(missing_ok=True)
    (trained.files.lock / "x").mkdir(parents=True)
    trained.delete()
    assert not trained.path.exists()
