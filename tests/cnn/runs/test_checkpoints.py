"""Which epochs' weights stay: a pure function, and what a training leaves on disk by it."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from cnn import recognition, runs
from cnn.inspection import over_epochs
from cnn.network import Architecture
from cnn.network.layers import Flatten, Linear
from cnn.runs import checkpoints, zipped
from cnn.runs.checkpoints import FEWEST_KEPT, MOST_KEPT, kept_epochs
from cnn.runs.file_control import FileControl
from cnn.runs.files import EARLY_STEPS
from cnn.runs.session import Session, make_trainer
from cnn.runs.weights import load_model
from cnn.runs.worker import run_worker
from cnn.training import OPTIMIZERS, Settings
from cnn.training.control import ManualControl
from cnn.training.devices import find_device
from cnn.training.distributed import ProcessGroup
from tests.strokes import SEVEN

FLAT = Architecture(layers=(Flatten(),))
QUICK = Settings(epochs=20, batch_size=512, learning_rate=0.02, validation_images=500)


@given(
    st.sets(st.integers(0, 400), min_size=1),
    st.sets(st.integers(0, 400), max_size=4),
    st.integers(5, 50),
)
def test_first_last_and_the_needed_stay_and_no_more_than_allowed(epochs, needed, most):
    kept = kept_epochs(epochs, needed, most)
    assert kept == sorted(set(kept)) and set(kept) <= epochs
    assert {min(epochs), max(epochs)} | (needed & epochs) <= set(kept)
    assert len(kept) <= max(most, len(needed & epochs) + 2)
    assert kept_epochs(kept, needed, most) == kept
    if len(epochs) <= most:
        assert kept == sorted(epochs)


@given(st.integers(1, 400), st.sampled_from([FEWEST_KEPT, 15, MOST_KEPT]), st.randoms())
def test_the_spread_stays_even_while_epochs_arrive_one_by_one(last, most, random):
    kept, best = [0], 0
    for epoch in range(1, last + 1):
        best = epoch if random.random() < 0.2 else best
        kept = kept_epochs([*kept, epoch], {best}, most)
        assert kept[0] == 0 and kept[-1] == epoch and best in kept
        assert len(kept) <= most
        largest = max(after - before for before, after in itertools.pairwise(kept))
        assert largest <= 2 * epoch / (most - 2) + 2  # the best may stand in one's way


def test_of_200_epochs_about_40_stay():
    kept = []
    for epoch in range(201):
        kept = kept_epochs([*kept, epoch])
    assert len(kept) == MOST_KEPT
    assert max(b - a for a, b in itertools.pairwise(kept)) <= 8


def test_a_large_network_keeps_fewer_within_the_budget():
    assert checkpoints.most_kept(100_000) == MOST_KEPT
    assert checkpoints.most_kept(50_000_000) == 20
    assert checkpoints.most_kept(10**12) == FEWEST_KEPT


def test_the_nearest_kept_epoch_stands_for_one_that_went():
    assert checkpoints.nearest([0, 5, 10], 7) == 5
    assert checkpoints.nearest([0, 5, 10], 99) == 10
    assert checkpoints.nearest([], 3) is None


@pytest.fixture
def few(monkeypatch):
    """At most five epochs are kept."""
    monkeypatch.setattr(checkpoints, "MOST_KEPT", 5)


def test_a_training_keeps_first_best_and_last_and_every_page_copes(few, runs_folder):
    run = runs.new(FLAT, QUICK, "mnist-sample", "cpu")
    assert run_worker(run, background=False) == "finished", run.status()
    kept, status = run.checkpoints(), run.status()
    assert len(kept) == 5
    assert {0, 20, status["best_epoch"]} <= set(kept)
    gone = next(epoch for epoch in range(20) if epoch not in kept)
    with pytest.raises(runs.RunError, match=rf"not kept the weights after epoch {gone}\. .* 0, "):
        load_model(run, gone)
    image = recognition.prepare_strokes(SEVEN)[0].image
    assert recognition.over_epochs(run, image)[0] == kept
    assert over_epochs.probabilities_over_epochs(run, image).epochs.tolist() == kept


def test_an_epoch_that_goes_between_two_looks_is_left_out(trained, monkeypatch):
    image = recognition.prepare_strokes(SEVEN)[0].image
    kept = trained.checkpoints()
    monkeypatch.setattr(runs.Run, "checkpoints", lambda self: kept)
    trained.files.checkpoint(kept[1]).unlink()
    rest = [kept[0], *kept[2:]]
    early = trained.early_steps()
    assert recognition.over_epochs(trained, image)[0] == [kept[0], *early, *kept[2:]]
    assert over_epochs.probabilities_over_epochs(trained, image).epochs.tolist() == rest


@pytest.mark.parametrize("stop_at", [1, 6, 13])
def test_a_stopped_run_with_pruned_epochs_goes_on_to_the_same_end(few, runs_folder, stop_at):
    settings = QUICK.changed(early_stopping=4, epochs=16, precision="float32")
    whole, broken = (runs.new(FLAT, settings, "mnist-sample", "cpu") for _ in range(2))
    assert run_worker(whole, background=False) == "finished"

    def stop(event):
        if broken.status().get("epoch", 0) >= stop_at:
            broken.send(stop=True)

    assert run_worker(broken, stop, background=False) in ("stopped", "finished")
    assert broken.status()["kept_epoch"] in broken.checkpoints()
    if broken.state == "stopped":
        assert run_worker(broken, background=False) == "finished", broken.status()
    assert broken.status()["kept_epoch"] == whole.status()["kept_epoch"]
    a, b = load_file(whole.weights_path()), load_file(broken.weights_path())
    assert all(torch.equal(value, b[name]) for name, value in a.items())
    assert whole.checkpoints()[-1] == broken.checkpoints()[-1] == whole.status()["epoch"]


def test_what_the_saved_state_needs_is_not_pruned(few, runs_folder):
    """A worker that is killed goes on from its last saved state, which may be some epochs back:
    the best epoch of that state must be there."""
    run = runs.new(FLAT, QUICK, "mnist-sample", "cpu")
    session = Session(run, FileControl(run), find_device("cpu"), ProcessGroup(), None, False)
    for epoch in range(3):
        session.trainer.position.epoch = epoch
        session.best = (0.5, epoch)
        session._checkpoint(epoch)
    session._save_resume()  # with epoch 2 as the best
    for epoch in range(3, 40):
        session.trainer.position.epoch = epoch
        session.best = (0.6, epoch)
        session._checkpoint(epoch)
        assert {0, 2, epoch} <= set(run.checkpoints())
        assert len(run.checkpoints()) <= 5


def test_epochs_after_the_saved_state_are_made_anew(runs_folder):
    run = runs.new(FLAT, QUICK.changed(epochs=3), "mnist-sample", "cpu")

    def stop(event):
        run.send(stop=run.status().get("epoch", 0) >= 1)

    assert run_worker(run, stop, background=False) == "stopped"
    at = run.status()["epoch"]
    for later in (at + 1, at + 2):
        run.files.checkpoint(later).write_bytes(run.files.checkpoint(0).read_bytes())
    assert run_worker(run, lambda _: run.send(stop=True), background=False) == "stopped"
    assert run.checkpoints()[-1] == run.status()["epoch"] < 3
    initial = run.files.checkpoint(0).read_bytes()
    assert all(run.files.checkpoint(n).read_bytes() != initial for n in run.checkpoints()[1:])


FINE = Settings(epochs=2, batch_size=64, learning_rate=0.02, precision="float32")  # 63 steps each


@pytest.fixture(scope="module")
def fine(tmp_path_factory, data_folder):
    """A finished run that took 10 and 50 steps within its first epoch."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNN_RUNS_DIR", str(tmp_path_factory.mktemp("fine")))
        run = runs.new(FLAT, FINE, "mnist-sample", "cpu")
        assert run_worker(run, background=False) == "finished", run.status()
        return run


def test_the_early_steps_kept_are_those_of_a_trainer_that_nobody_watches(fine):
    assert [step.number for step in fine.early_steps()] == [10, 50]
    device = find_device("cpu")
    trainer, _ = make_trainer(fine, device, ProcessGroup())
    reached = {}

    def look():  # as it is before a step
        at = trainer.position.step
        reached[at] = {k: v.clone() for k, v in trainer.model.state_dict().items()}

    class Watch(ManualControl):
        stop = property(lambda self: look(), lambda self, _: None)

    for _event in trainer.events(Watch(), report_seconds=3600):
        pass
    for when in fine.early_steps():
        kept = load_model(fine, when).state_dict()
        assert all(torch.equal(value, reached[when.number][name]) for name, value in kept.items())
    last = load_file(fine.weights_path())
    assert all(torch.equal(value, trainer.model.state_dict()[k]) for k, value in last.items())


@pytest.mark.parametrize("stop_at", [3, 10, 30, 70])
def test_stopped_and_resumed_the_early_steps_are_the_same(fine, runs_folder, stop_at):
    run = runs.new(FLAT, FINE, "mnist-sample", "cpu")

    class StopAt(FileControl):
        stop = property(lambda self: trainers and trainers[0].position.step >= stop_at)

    trainers = []
    session = Session(run, StopAt(run), find_device("cpu"), ProcessGroup(), None, False)
    trainers.append(session.trainer)
    assert session.train() == "stopped"
    assert [s.number for s in run.early_steps()] == [n for n in (10, 50) if n <= stop_at]
    # What a worker left that was killed after its last saved state.
    later = run.files.checkpoint(runs.EarlyStep(200))
    later.write_bytes(b"of a later step")
    assert run_worker(run, background=False) == "finished", run.status()
    assert not later.exists()
    for when in (*fine.early_steps(), *fine.checkpoints()):
        assert run.files.checkpoint(when).read_bytes() == fine.files.checkpoint(when).read_bytes()


def test_early_steps_stand_between_epoch_0_and_1_and_go_where_the_run_goes(fine, runs_folder):
    image = recognition.prepare_strokes(SEVEN)[0].image
    when, probabilities = recognition.over_epochs(fine, image)
    assert list(map(str, when)) == ["0", "step 10", "step 50", "1", "2"]
    for row, moment in zip(probabilities, when, strict=True):
        alone = recognition.read(fine, load_model(fine, moment), image[None]).probabilities[0]
        assert row == pytest.approx(alone, abs=1e-6)
    again = zipped.from_zip(zipped.to_zip(fine))
    assert again.early_steps() == fine.early_steps()
    again.files.clear_attempt()
    assert not again.early_steps()
    with pytest.raises(runs.RunError, match="not kept the weights after step 200"):
        load_model(fine, runs.EarlyStep(200))


def test_of_a_large_network_no_early_step_is_kept():
    wide = Architecture(layers=(Flatten(), Linear(units=1024), Linear(units=1024)))
    assert checkpoints.early_steps(FLAT) == EARLY_STEPS and not checkpoints.early_steps(wide)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_run_never_takes_more_disk_than_was_said(runs_folder, monkeypatch, optimizer):
    monkeypatch.setattr(checkpoints, "OTHER_BYTES", 200_000)
    wide = Architecture(layers=(Flatten(), Linear(units=600)))  # 1.9 MB
    settings = QUICK.changed(optimizer=optimizer, epochs=3)
    run = runs.new(wide, settings, "mnist-sample", "cpu")
    said, largest = checkpoints.disk_needed(wide, settings), 0

    def look(event):
        nonlocal largest
        largest = max(largest, sum(p.stat().st_size for p in run.path.rglob("*") if p.is_file()))

    assert run_worker(run, look, background=False) == "finished"
    assert 0.4 * said < largest < said  # its epoch is too short for early steps


def test_within_what_is_allowed_no_run_takes_more_than_two_gigabytes():
    class Largest:
        parameters = 16_000_000

    for optimizer in OPTIMIZERS:
        settings = Settings(epochs=200, optimizer=optimizer)
        assert checkpoints.disk_needed(Largest, settings) < 2e9


def test_the_free_space_of_a_folder_that_is_not_made_yet(tmp_path):
    assert checkpoints.disk_free(tmp_path / "not" / "yet") == pytest.approx(
        checkpoints.disk_free(tmp_path), rel=0.1
    )
