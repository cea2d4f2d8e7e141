"""Runs made of others: what changes is declared, and where their weights come from is kept."""

from __future__ import annotations

import json

import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from cnn import runs
from cnn.common.files import read_json
from cnn.datasets import DATASETS, DIGITS, catalogue
from cnn.inspection import surgery
from cnn.inspection.surgery import SwitchOff
from cnn.runs import finetune
from cnn.runs.copies import copy_of, origin_of
from cnn.runs.worker import run_worker
from cnn.training import OPTIMIZERS, Settings
from cnn.training.trainer import Trainer
from tests.cnn.runs.test_finetune import drawings
from tests.conftest import SMALL, SMALL_SETTINGS


def classes_of(run: runs.Run, dataset: str) -> None:
    """Make a run look as if it had learned another data set."""
    config = json.loads(run.files.config.read_text())
    config |= {"dataset": dataset, "classes": DATASETS[dataset].classes}
    run.files.config.write_text(json.dumps(config))


def test_fine_tuning_a_run_that_used_early_stopping_works(trained):
    config = json.loads(trained.files.config.read_text())
    config["settings"] |= {"early_stopping": 3, "validation_images": 400}
    trained.files.config.write_text(json.dumps(config))
    run = finetune.create_run(trained, drawings(), epochs=1)
    assert run_worker(run, background=False) == "finished", run.status()
    assert run.checkpoints() == [0, 1]


@hypothesis(max_examples=60, deadline=None)
@given(
    st.builds(
        Settings,
        epochs=st.integers(1, 200),
        batch_size=st.integers(1, 4096),
        optimizer=st.sampled_from(list(OPTIMIZERS)),
        early_stopping=st.integers(0, 50),
        validation_images=st.none() | st.integers(0, 30_000),
    )
)
def test_the_settings_of_a_fine_tuning_can_work_for_any_parent(parent):
    made = finetune.settings_for(parent, 2, 0.001)
    for dataset in DATASETS.values():
        assert not made.needs_validation(made.held_out(dataset))
        assert made.held_out(dataset) == 0


def test_another_try_of_a_fine_tuning_starts_from_the_same_weights_and_digits(trained, monkeypatch):
    run = finetune.create_run(trained, drawings(), epochs=1, rate=0.5)
    monkeypatch.setattr(Trainer, "_step", lambda *_: (_ for _ in ()).throw(ValueError("broken")))
    assert run_worker(run, background=False) == "failed"
    monkeypatch.undo()
    monkeypatch.setenv("CNN_RUNS_DIR", str(trained.path.parent))

    again = runs.retry(run, {"learning_rate": 0.001})
    before, after = run.config, again.config
    assert (
        after.changed(created=before.created, versions=before.versions, settings=before.settings)
        == before
    )
    assert after.settings == before.settings.changed(learning_rate=0.001)
    for old, new in zip(run.files.start, again.files.start, strict=True):
        assert old.read_bytes() == new.read_bytes()
    assert run_worker(again, background=False) == "finished", again.status()
    effect = finetune.measure_effect(again)
    assert effect.held_digits == 3 and effect.test[0] == trained.status()["test_accuracy"]


def test_another_try_keeps_device_preset_and_validation(runs_folder):
    settings = SMALL_SETTINGS.changed(validation_images=123)
    run = runs.new(SMALL, settings, "mnist-sample", "cpu:2", "compact", "Mine")
    again = runs.retry(run, {"batch_size": 16}).config
    assert (again.device, again.preset, again.validation_images) == ("cpu:2", "compact", 123)
    assert again.start_from is None and again.origin is None


def test_another_try_without_its_digits_says_which_file_is_gone(trained):
    run = finetune.create_run(trained, drawings(), epochs=1)
    run.files.my_digits.unlink()
    with pytest.raises(runs.RunError, match=r"No such file.*mine\.safetensors"):
        runs.retry(run, {"learning_rate": 0.001})
    assert len(runs.list_runs()) == 2


def test_each_copy_says_where_its_weights_came_from(trained):
    tuned = finetune.create_run(trained, drawings(), epochs=1)
    assert run_worker(tuned, background=False) == "finished"
    cut = surgery.keep(tuned, None, [SwitchOff(1, 0)])
    both = finetune.create_run(cut, drawings(), epochs=1)

    assert tuned.config.start_from == trained.id
    assert (
        tuned.config.origin
        == f"'Small, trained' ({trained.id}), fine-tuned on 12 digits of one's own"
    )
    assert cut.config.start_from is None  # edited, not trained
    assert cut.config.origin == (
        f"'{tuned.name}' ({tuned.id}), after epoch 1, by surgery: filter 0 of layer 1 off. "
        f"Before that: {tuned.config.origin}"
    )
    assert both.config.start_from == cut.id
    assert both.config.origin.endswith(f"Before that: {cut.config.origin}")
    assert [finetune.is_finetuned(run) for run in (trained, tuned, cut, both)] == [
        *(False, True, False, True)
    ]


def test_surgery_on_a_run_that_stopped_early_names_the_epoch_it_kept(trained):
    trained.write_status(**{**trained.status(), "kept_epoch": 1, "epoch": 2})
    kept = surgery.keep(trained, None, [SwitchOff(1, 0)])
    assert "after epoch 1," in str(kept.config.origin)
    assert kept.checkpoints() == [1]


def test_a_copy_that_cannot_be_filled_leaves_no_folder(trained):
    with (
        pytest.raises(runs.RunError, match="could not be filled"),
        copy_of(trained, "Copy", start_from=None, origin=origin_of(trained, "copied")),
    ):
        raise OSError(28, "No space left on device")
    assert runs.list_runs() == [trained]


@pytest.mark.parametrize("dataset", list(DATASETS))
def test_whether_a_run_reads_digits_follows_from_its_classes(trained, dataset):
    classes_of(trained, dataset)
    digits = DATASETS[dataset].classes == DIGITS
    assert trained.config.reads_digits == DATASETS[dataset].has_digits == digits
    if digits:
        finetune.create_run(trained, drawings())
        return
    with pytest.raises(runs.RunError, match="not the digits 0 to 9"):
        finetune.create_run(trained, drawings())
    assert runs.list_runs() == [trained]


@pytest.mark.parametrize("on_disk", [True, False])
def test_what_is_taught_rehearses_the_digits_at_hand(trained, monkeypatch, on_disk):
    """A run of full MNIST, such as an example, on a machine that has only the sample."""
    classes_of(trained, "mnist")
    monkeypatch.setattr(catalogue, "is_on_disk", lambda name: on_disk or name == "mnist-sample")
    taught = finetune.create_run(trained, drawings())
    assert taught.config.dataset == ("mnist" if on_disk else "mnist-sample")
    kept = trained.status()["test_accuracy"] if on_disk else None  # of another test set: no effect
    assert read_json(taught.files.parent)["test_accuracy"] == kept
    if not on_disk:
        assert run_worker(taught, background=False) == "finished", taught.status()


def test_weights_of_a_copy_are_the_originals(trained):
    from cnn.runs.weights import load_model, read_tensors

    run = finetune.create_run(trained, drawings())
    start = read_tensors(run.files.start_weights)
    assert all(torch.equal(v, start[k]) for k, v in load_model(trained).state_dict().items())
