import numpy as np
import pytest
import torch

from cnn import datasets, drawing
from cnn.inspection.example_filters import SAMPLE_STROKES
from cnn.recognition import detector
from cnn.runs.weights import load_model

HOUSE = [
    [(10, 50), (10, 100), (90, 100), (90, 50)],
    [(0, 50), (50, 0), (100, 50), (0, 50)],
    [(40, 100), (40, 70), (60, 70), (60, 100)],
]


@pytest.fixture(scope="module", autouse=True)
def small_judge():
    """A judge fitted on less, so that the tests stay quick."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detector, "IMAGES", 3000)
        patch.setattr(detector, "LETTERS", 300)
        patch.setattr(detector, "EPOCHS", 3)
        patch.setattr(detector, "_judges", {})
        yield
    detector._path("mnist-sample").unlink(missing_ok=True)


def test_digits_are_likely_and_a_house_is_not(trained):
    model = load_model(trained)
    real = datasets.load("mnist-sample").test_images[:300]
    likeness = detector.digit_likeness(trained, model, real)
    assert likeness.shape == (300,) and likeness.dtype == np.float32
    assert 0 <= likeness.min() <= likeness.max() <= 1
    assert (likeness >= detector.LIKELY).mean() > 0.85

    other = drawing.from_strokes(HOUSE).image
    noise = np.random.default_rng(0).random((28, 28), np.float32)
    shown = np.stack([other, noise])
    assert detector.digit_likeness(trained, model, shown).max() < float(np.median(likeness))
    assert detector.digit_likeness(trained, model, shown).min() < detector.LIKELY


def test_the_same_answer_from_the_files_and_one_at_a_time(trained, monkeypatch):
    model = load_model(trained)
    images = np.stack([drawing.from_strokes(s).image for s in SAMPLE_STROKES.values()])
    first = detector.digit_likeness(trained, model, images)
    assert detector.ready(trained) and (trained.path / "likeness.json").is_file()
    monkeypatch.setattr(detector, "_judges", {})
    monkeypatch.setattr(detector, "fitted", lambda *_: pytest.fail("fitted again"))
    assert np.allclose(detector.digit_likeness(trained, model, images), first, atol=1e-5)
    one = detector.digit_likeness(trained, model, images[:1])
    assert np.allclose(one, first[:1], atol=1e-5)
    assert detector.digit_likeness(trained, model, images[:0]).shape == (0,)


def test_damaged_files_are_made_anew(trained, monkeypatch):
    model = load_model(trained)
    image = np.zeros((1, 28, 28), np.float32)
    first = detector.digit_likeness(trained, model, image)
    (trained.path / "likeness.json").write_text("{")
    assert np.allclose(detector.digit_likeness(trained, model, image), first, atol=1e-5)
    calls = []
    detector._path("mnist-sample").write_bytes(b"cut short")
    monkeypatch.setattr(detector, "_judges", {})
    original = detector.fitted
    monkeypatch.setattr(detector, "fitted", lambda name: calls.append(name) or original(name))
    detector.digit_likeness(trained, model, image)
    assert calls == ["mnist-sample"]


def test_what_the_judge_learns_against_is_drawn_in_the_box_and_seeded():
    torch.manual_seed(1)
    first = detector.strokes(64)
    torch.manual_seed(1)
    assert torch.equal(first, detector.strokes(64))
    assert first.shape == (64, 28, 28) and float(first.min()) >= 0 and float(first.max()) <= 1
    ink = first.sum(dim=(1, 2))
    assert float(ink.min()) > 5
    real = torch.rand(50, 28, 28)
    labels = torch.arange(50) % 10
    wrong = detector.spliced(real, labels, 80, digits=True)
    assert wrong.shape == (80, 28, 28)


def test_fitting_leaves_the_random_state_alone():
    before = torch.get_rng_state()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detector, "IMAGES", 300)
        patch.setattr(detector, "LETTERS", 30)
        patch.setattr(detector, "EPOCHS", 1)
        detector.fitted("mnist-sample")
    assert torch.equal(before, torch.get_rng_state())
