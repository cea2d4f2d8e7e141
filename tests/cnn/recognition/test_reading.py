"""Reading drawings: numbers digit by digit, evidence, the answer over the epochs."""

import numpy as np
import pytest
import torch

from cnn import drawing, figures, recognition
from cnn.runs.weights import load_model
from tests.strokes import SEVEN, ZERO, beside


@pytest.fixture
def model(trained):
    return load_model(trained)


def test_digits_beside_each_other_are_read_one_by_one(trained, model):
    found = recognition.prepare_strokes(beside(SEVEN, ZERO))
    assert len(found) == 2
    alone = [recognition.prepare_strokes(one)[0].image for one in (SEVEN, ZERO)]
    np.testing.assert_allclose(found[0].image, alone[0], atol=0.1)
    reading = recognition.read(trained, model, np.stack([one.image for one in found]))
    assert reading.text(trained.config.classes) == "7 0"
    assert reading.probabilities.shape == (2, 10)
    np.testing.assert_allclose(reading.probabilities.sum(1), 1, atol=1e-5)
    assert 0 < reading.confidence <= 1


def test_switched_off_the_whole_sheet_is_one_image():
    assert len(recognition.prepare_strokes(beside(SEVEN, ZERO), prepared=False)) == 1


@pytest.mark.parametrize(
    "strokes", [[[(5.0, 5.0)]], [[(5.0, 5.0)] * 9], [[(0.0, 0.0), (280.0, 0)]]]
)
def test_a_dot_or_a_line_does_not_crash(trained, model, strokes):
    found = recognition.prepare_strokes(strokes)
    recognition.read(trained, model, np.stack([one.image for one in found]))


def test_no_ink_says_so():
    with pytest.raises(drawing.DigitError):
        recognition.prepare_strokes([])


def test_evidence_is_the_gradient_times_the_ink(trained, model):
    """Against captum's."""
    from captum.attr import InputXGradient

    image = recognition.prepare_strokes(SEVEN)[0].image
    found = recognition.evidence(trained, model, image, [7, 1])
    assert found.shape == (2, 28, 28)
    assert not found[:, image == 0].any()  # paper says nothing

    def above_mean(ink):
        logits = model(trained.preprocessing(ink))
        return logits - logits.mean(dim=1, keepdim=True)

    ink = torch.from_numpy(np.array(image))[None].requires_grad_()
    for part, k in zip(found, (7, 1), strict=True):
        want = InputXGradient(above_mean).attribute(ink, target=k)[0].detach().numpy()
        np.testing.assert_allclose(part, want, atol=1e-5)


def test_over_the_epochs_ends_with_todays_answer(trained, model):
    image = recognition.prepare_strokes(SEVEN)[0].image
    when, probabilities = recognition.over_epochs(trained, image)
    epochs, early = trained.checkpoints(), trained.early_steps()
    assert when == [0, *early, *epochs[1:]]
    today = recognition.read(trained, model, image[None]).probabilities[0]
    np.testing.assert_allclose(probabilities[-1], today, atol=1e-4)
    steps = [step.number for step in early]
    figure = figures.answer_over_epochs(epochs, probabilities, trained.config.classes, steps)
    assert len(figure.data) == 10


def test_the_overlay_is_orange_for_and_blue_against():
    image, evidence = np.ones((28, 28), np.float32), np.zeros((28, 28), np.float32)
    evidence[0, 0], evidence[1, 1] = 1, -1
    overlay = figures.evidence_overlay(image, evidence)
    assert overlay.shape == (28, 28, 3) and overlay.dtype == np.uint8
    assert overlay[0, 0, 0] > overlay[0, 0, 2] and overlay[1, 1, 2] > overlay[1, 1, 0]
    assert len(set(overlay[5, 5].tolist())) == 1
