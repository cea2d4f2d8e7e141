"""Fine-tuning on my digits: an ordinary run that starts from another's weights."""

import numpy as np
import pytest
import torch

from cnn import datasets, runs
from cnn.drawing import my_digits
from cnn.drawing.my_digits import Drawing
from cnn.runs import finetune
from cnn.runs.weights import load_model
from tests.strokes import ONE, SEVEN, ZERO, place


def drawings(each=4):
    return [
        Drawing(label, tuple(map(tuple, place(strokes, i, 2 * i, 1 - 0.05 * i))))
        for i in range(each)
        for label, strokes in ((1, ONE), (7, SEVEN), (0, ZERO))
    ]


def test_every_fourth_of_a_class_is_held_back():
    labels = np.array([3, 3, 3, 3, 3, 3, 3, 3, 5, 5, 5])
    assert finetune.held_back(labels).tolist() == [
        False,
        False,
        False,
        True,
        False,
        False,
        False,
        True,
        False,
        False,
        False,
    ]


def test_too_few_digits_are_refused(trained):
    with pytest.raises(runs.RunError, match="at least"):
        finetune.create_run(trained, drawings(1))
    assert runs.list_runs() == [trained]


def test_held_back_digits_are_never_in_the_training_set(trained):
    run = finetune.create_run(trained, drawings())
    mine = finetune.read_file(run, run.files.my_digits)
    mixed = finetune.mix_images(run, datasets.load("mnist-sample"))
    flat = {image.numpy().tobytes() for image in mixed.train_images}
    learned = {image.numpy().tobytes() for image in mine["images"][~mine["held"]]}
    held = {image.numpy().tobytes() for image in mine["images"][mine["held"]]}
    assert learned <= flat and held and not held & (flat - learned)
    share = len(mixed.train_images) - finetune.REHEARSAL
    assert share / len(mixed.train_images) == pytest.approx(finetune.SHARE, abs=0.05)
    assert torch.equal(mixed.test_images, datasets.load("mnist-sample").test_images)


def test_it_starts_from_the_parents_weights_and_says_what_changed(trained):
    from cnn.runs.worker import run_worker

    run = finetune.create_run(trained, drawings(), epochs=1)
    assert run.config.start_from == trained.id
    assert run_worker(run, background=False) == "finished", run.status()
    start, parent = load_model(run, 0), load_model(trained)
    for a, b in zip(start.parameters(), parent.parameters(), strict=True):
        assert torch.equal(a, b)
    effect = finetune.measure_effect(run)
    assert effect.test[0] == trained.status()["test_accuracy"]
    assert effect.test[1] == run.status()["test_accuracy"] > 0.7
    assert effect.held_digits == 3
    assert effect.learned[1] >= effect.learned[0]
    my_digits.images(drawings())


def test_a_damaged_start_says_so(trained):
    from cnn.runs.worker import run_worker

    run = finetune.create_run(trained, drawings(), epochs=1)
    (run.path / "start.safetensors").write_bytes(b"nothing")
    assert run_worker(run, background=False) == "failed"
    assert "start.safetensors is missing or damaged" in run.status()["message"]
