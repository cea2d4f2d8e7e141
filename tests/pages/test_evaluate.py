"""Evaluate: figures that fit the run, mistakes, damaged weights."""

import numpy as np
import pytest
import torch

from cnn import datasets, evaluation
from cnn.common.files import write_tensors
from ui.shared.image_choice import ImageChoice


@pytest.fixture
def wrong(trained):
    probabilities = evaluation.test_probabilities(trained)
    labels = datasets.load("mnist-sample").test_labels.numpy()
    return evaluation.mistakes(probabilities, labels)


def metric(app, label):
    return next(m.value for m in app.metric if m.label == label)


def test_it_shows_the_test_accuracy_that_the_run_recorded(app, trained, wrong):
    page = app("evaluate")
    assert metric(page, "Test accuracy") == f"{trained.status()['test_accuracy']:.2%}"
    assert metric(page, "Wrong, of 1,000") == f"{len(wrong):,}"
    assert metric(page, "Trained on") == "MNIST sample (bundled)"


def test_the_confusion_matrix_counts_every_test_image(app, trained):
    probabilities = evaluation.test_probabilities(trained)
    labels = datasets.load("mnist-sample").test_labels.numpy()
    counts = evaluation.confusion_matrix(labels, probabilities.argmax(1), 10)
    assert counts.sum() == 1000
    assert np.trace(counts) == round(trained.status()["test_accuracy"] * 1000)
    report = next(d.value for d in app("evaluate").dataframe if "Recall" in d.value)
    np.testing.assert_allclose(report["Recall"], 100 * np.diag(counts) / counts.sum(axis=1))
    assert report["Images"].sum() == 1000


def test_a_mistake_leads_to_inspect_with_that_image(app, trained, wrong):
    page = app("evaluate")
    button = page.button(key=f"mistake_{wrong[0]}")
    button.click().run()
    assert not page.exception
    assert page.session_state.playground.pages[ImageChoice].index == wrong[0]
    assert page.session_state.playground.page == "inspect"


def test_more_mistakes_on_request(app, trained):
    ones = torch.zeros(1000, 10)
    ones[:, 1] = 1.0  # a network that reads every image as a one
    write_tensors(trained.path / "test.safetensors", {"probabilities": ones})
    wrong = np.flatnonzero(datasets.load("mnist-sample").test_labels.numpy() != 1)
    page = app("evaluate")
    before = sum(b.key.startswith("mistake_") for b in page.button if b.key)
    page.button(key="more_mistakes").click().run()
    after = sum(b.key.startswith("mistake_") for b in page.button if b.key)
    assert before < after <= len(wrong)


def test_an_unscored_run_offers_to_score_and_does(app, trained):
    (trained.path / "test.safetensors").unlink()
    page = app("evaluate")
    assert "has not been scored" in page.info[0].value
    next(b for b in page.button if b.label == "Score the test set now").click().run()
    assert not page.exception
    assert metric(page, "Test accuracy") == f"{trained.status()['test_accuracy']:.2%}"


def test_damaged_weights_are_named_and_nothing_breaks(app, trained):
    (trained.path / "test.safetensors").unlink()
    for path in trained.path.rglob("*.safetensors"):
        path.write_bytes(b"no tensors here")
    page = app("evaluate")
    next(b for b in page.button if b.label == "Score the test set now").click().run()
    assert not page.exception
    assert "damaged" in page.error[0].value
