"""Measuring: the numbers, what is kept, the job; FGSM against captum's."""

from __future__ import annotations

import json

import numpy as np
import pytest
from captum.robust import FGSM
from torch import nn

from cnn import datasets, evaluation
from cnn.common.files import read_json
from cnn.evaluation import robustness, robustness_job
from cnn.evaluation.corruptions import CORRUPTIONS, CURVES, MNIST_C
from cnn.evaluation.robustness import Robustness
from cnn.runs.weights import load_model

FEW = 60


@pytest.fixture
def few():
    images = datasets.load("mnist-sample")
    return images.test_images[:FEW], images.test_labels[:FEW]


def complete(level: float = 0.9) -> Robustness:
    return Robustness(100, {n: [level] * len(one.levels) for n, one in CORRUPTIONS.items()})


def test_accuracies_are_those_of_the_changed_images(trained, few):
    images, labels = few
    done = tuple(name for name in CORRUPTIONS if name not in ("fog", "rotation"))
    found = {n: a for n, a in robustness.measure(trained, images, labels, done=done) if a}
    assert list(found) == ["rotation", "fog"]
    for name, accuracies in found.items():
        for level, accuracy in zip(CORRUPTIONS[name].levels, accuracies, strict=True):
            changed = CORRUPTIONS[name].changed(images.numpy(), level)
            right = evaluation.predict(trained, changed).argmax(1) == labels.numpy()
            assert accuracy == pytest.approx(right.mean())


def test_fgsm_is_captums(trained, few):
    images, labels = few
    model = load_model(trained)

    class OnPixels(nn.Module):
        def forward(self, pixels):
            return model((pixels - trained.config.mean) / trained.config.std)

    attack = FGSM(OnPixels(), nn.CrossEntropyLoss(reduction="none"), 0.0, 1.0)
    attack.zero_thresh = 0  # it leaves pixels with a tiny gradient alone, and we do not
    expected = attack.perturb(images[:, None].float() / 255, epsilon=0.1, target=labels)
    found = robustness.attack(trained, model, images, labels, 0.1)
    differs = (found - expected[:, 0]).abs() > 1e-5
    assert differs.float().mean() < 1e-3  # a gradient that rounding puts on another side of zero
    assert found.min() >= 0 and found.max() <= 1
    before = evaluation.predict(trained, images).argmax(1) == labels.numpy()
    after = evaluation.predict(trained, found).argmax(1) == labels.numpy()
    assert after.mean() < before.mean()


def test_samples_show_every_level(trained, few):
    images, labels = (tensor[:3].numpy() for tensor in few)
    model = load_model(trained)
    for name in ("fgsm", "rotation", "fog"):
        made = robustness.samples(trained, model, CORRUPTIONS[name], images, labels)
        assert made.shape == (len(CORRUPTIONS[name].levels), 3, 28, 28) and made.dtype == np.uint8
    assert (
        robustness.samples(trained, model, CORRUPTIONS["fgsm"], images, labels)[0] == images
    ).all()


def test_the_mean_corruption_error_weighs_each_of_the_fifteen_alike():
    found = complete()
    assert found.mean_corruption_error == pytest.approx(0.1) and found.is_complete
    found.accuracy["fog"] = [0.0]
    assert found.mean_corruption_error == pytest.approx((14 * 0.1 + 1) / 15)
    del found.accuracy["shear"]
    assert found.mean_corruption_error is None and not found.is_complete


def test_what_breaks_it_first_in_a_sentence():
    found = complete()
    found.accuracy["fog"], found.accuracy["shot_noise"] = [0.31], [0.4]
    assert robustness.what_breaks_it(found) == (
        "None of the curves costs it ten points; of MNIST-C's corruptions fog does, which leaves "
        "31% right."
    )
    found.accuracy["rotation"] = [0.9, 0.9, 0.9, 0.9, 0.5, 0.3, 0.2]
    found.accuracy["blur"] = [0.9, 0.9, 0.7, 0.5, 0.3, 0.2, 0.1]
    assert robustness.what_breaks_it(found).startswith(
        "Blur breaks it first (ten points are lost at 0.75 pixels (σ)); of"
    )
    del found.accuracy["noise"]  # stopped on the way: what was not measured may break it sooner
    assert robustness.what_breaks_it(found).startswith(
        "Of what is measured so far, blur breaks it first (ten points are lost at 0.75 pixels (σ))"
    )
    assert robustness.what_breaks_it(Robustness(10)) is None


def test_a_curve_with_two_sides_breaks_on_the_nearer():
    size = CORRUPTIONS["size"]
    found = Robustness(10, {"size": [0.1, 0.5, 0.9, 0.9, 0.9, 0.9, 0.6]})
    share, _, level = robustness.breaking_point(size, found)
    assert level == pytest.approx(0.75) and share == pytest.approx(0.25 / 0.6)
    assert robustness.breaking_point(size, Robustness(10)) is None


def test_results_are_kept_by_weights_and_read_with_care(trained):
    assert robustness.load(trained) is None
    robustness.keep(trained, complete())
    robustness.keep(trained, complete(0.5), epoch=0)
    assert robustness.load(trained) == complete()
    assert robustness.load(trained, 2) == complete()  # the newest are those after the last epoch
    assert robustness.load(trained, 0) == complete(0.5)
    assert robustness.load(trained, 1) is None
    robustness.forget(trained, 0)
    assert robustness.load(trained, 0) is None and robustness.load(trained) == complete()
    kept = read_json(trained.files.robustness)
    (key,) = kept
    kept[key]["accuracy"] |= {"fog": [7], "shear": "?", "blur": [0.1], "unknown": [0.5]}
    trained.files.robustness.write_text(json.dumps(kept))
    found = robustness.load(trained)
    assert {"fog", "shear", "blur"} == CORRUPTIONS.keys() - found.accuracy.keys()
    for damaged in ("", "[]", '{"a": 1}', json.dumps({key: {"images": -1, "accuracy": {}}})):
        trained.files.robustness.write_text(damaged)
        assert robustness.load(trained) is None


def test_an_examples_results_lie_beside_the_runs(examples, runs_folder):
    from cnn import runs

    run = runs.open_run("example-tutorial")
    robustness.keep(run, complete())
    assert robustness.load(run) == complete()
    assert not run.files.robustness.exists()
    assert [one.id for one in runs.list_runs() if not one.is_example] == []


def test_the_job_measures_keeps_and_goes_on(trained):
    known = complete()
    for name in ("rotation", "stripe"):
        del known.accuracy[name]
    known.images = FEW
    robustness.keep(trained, known)
    job = robustness_job.start(trained, None, FEW)
    job.wait()
    assert job.error is None
    *begun, last = job.rows
    assert [row["corruption"] for row in begun] == ["Rotation", "Stripe"]
    assert begun[0]["done"] == pytest.approx(21 / 23) and last["seconds"] > 0
    found = robustness.load(trained)
    assert found.is_complete and found.images == FEW
    assert found.accuracy["fog"] == [0.9]  # what was measured is not measured again
    assert found.clean_accuracy > 0.7


def test_every_corruption_is_declared_with_a_clean_level_where_it_has_one():
    assert all(one.clean in one.levels for one in CURVES)
    assert all(one.clean is None and len(one.levels) == 1 for one in MNIST_C)
