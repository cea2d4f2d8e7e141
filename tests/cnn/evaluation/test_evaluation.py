"""Scores, against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as theirs

from cnn import datasets, evaluation, runs
from cnn.common import files
from cnn.runs.weights import load_model
from tests.conftest import SMALL, SMALL_SETTINGS

DIGITS = tuple("0123456789")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=200))
def test_confusion_and_report_are_scikit_learns(pairs):
    truth, guess = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    confusion = evaluation.confusion_matrix(truth, guess, 10)
    np.testing.assert_array_equal(
        confusion, theirs.confusion_matrix(truth, guess, labels=range(10))
    )
    rows = evaluation.class_report(confusion, DIGITS)
    expected = theirs.precision_recall_fscore_support(
        truth, guess, labels=range(10), zero_division=0.0
    )
    assert [row.label for row in rows] == list(DIGITS)
    ours = np.array([(r.precision, r.recall, r.f1, r.support) for r in rows]).T
    np.testing.assert_allclose(ours, np.array(expected, float), atol=1e-12)


def test_a_report_needs_a_name_for_every_class():
    with pytest.raises(ValueError, match="argument"):
        evaluation.class_report(np.eye(3, dtype=np.int64), ("a", "b"))


def test_the_most_confident_mistake_comes_first():
    probabilities = np.array(
        [[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7], [0.2, 0.8]], np.float32
    )
    labels = np.array([0, 0, 0, 1, 0])
    assert evaluation.mistakes(probabilities, labels).tolist() == [2, 4, 1]
    assert evaluation.mistakes(probabilities[:1], labels[:1]).tolist() == []


def test_test_probabilities_are_kept_and_read(trained):
    images = datasets.load("mnist-sample")
    kept = evaluation.test_probabilities(trained)
    assert (kept.shape, kept.dtype) == ((1000, 10), np.float32)
    np.testing.assert_allclose(kept.sum(axis=1), 1, atol=1e-5)
    accuracy = float((kept.argmax(1) == images.test_labels.numpy()).mean())
    assert trained.status()["test_accuracy"] == pytest.approx(accuracy)
    assert accuracy > 0.8
    assert len(evaluation.mistakes(kept, images.test_labels.numpy())) == round(
        (1 - accuracy) * 1000
    )


def test_scoring_on_request_agrees_with_the_end_of_training(trained):
    before = evaluation.test_probabilities(trained)
    (trained.path / "test.safetensors").unlink()
    assert evaluation.test_probabilities(trained) is None
    shares: list[float] = []
    accuracy = evaluation.score_test_set(trained, shares.append)
    assert shares[-1] == 1
    assert accuracy == trained.status()["test_accuracy"]
    np.testing.assert_allclose(evaluation.test_probabilities(trained), before, atol=1e-6)


def test_a_number_of_bf16_in_an_older_status_is_replaced(trained):
    status = trained.status()
    trained.write_status(**{**status, "test_accuracy": status["test_accuracy"] + 0.002})
    evaluation.score_test_set(trained)
    assert trained.status()["test_accuracy"] == status["test_accuracy"]


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_one_test_accuracy_whatever_training_computed_in(runs_folder, capsys, precision):
    """The status, the kept probabilities and the command line hold the same number."""
    import json

    from cnn.cli.main import main
    from cnn.runs.worker import run_worker
    from cnn.training.accelerators import accelerator_for
    from cnn.training.device import DeviceError
    from cnn.training.devices import find_device

    try:
        accelerator_for(find_device("cpu"), precision, True)
    except DeviceError as error:
        pytest.skip(str(error))
    run = runs.new(
        SMALL, SMALL_SETTINGS.changed(epochs=1, precision=precision), "mnist-sample", "cpu"
    )
    assert run_worker(run, background=False) == "finished", run.status()
    assert run.status()["precision"] == precision
    labels = datasets.load("mnist-sample").test_labels.numpy()
    kept, found = evaluation.test_probabilities(run), run.status()["test_accuracy"]
    assert found == pytest.approx((kept.argmax(1) == labels).mean(), abs=1e-6)
    assert main(["evaluate", run.id]) == 0
    assert json.loads(capsys.readouterr().out)["test_accuracy"] == round(found, 5)
    np.testing.assert_allclose(evaluation.test_probabilities(run), kept, atol=1e-6)


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 200, np.zeros((3, 10)), np.zeros((1000, 3)), np.full((9, 10), 2.0)]
)
def test_damaged_test_scores_count_as_none(trained, content):
    path = trained.path / "test.safetensors"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        import torch

        files.write_tensors(path, {"probabilities": torch.from_numpy(content).float()})
    assert evaluation.test_probabilities(trained) is None


def test_predictions_sum_to_one_and_follow_the_epoch(trained):
    images = datasets.load("mnist-sample").test_images[:20]
    newest, last, first = (evaluation.predict(trained, images, e) for e in (None, 2, 0))
    np.testing.assert_allclose(newest.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(newest, last)
    assert abs(newest - first).max() > 0.1
    np.testing.assert_allclose(evaluation.predict(trained, images.numpy() / 255), newest, atol=1e-4)


def test_prediction_prepares_as_the_run_was_trained(trained):
    import json

    images = datasets.load("mnist-sample").test_images[:5]
    before = evaluation.predict(trained, images)
    config = json.loads((trained.path / "config.json").read_text())
    (trained.path / "config.json").write_text(json.dumps({**config, "mean": 0.9}))
    assert abs(evaluation.predict(trained, images) - before).max() > 0.01


def test_an_epoch_that_was_not_kept_is_said(trained):
    with pytest.raises(runs.RunError, match="not kept the weights after epoch 99"):
        load_model(trained, 99)
