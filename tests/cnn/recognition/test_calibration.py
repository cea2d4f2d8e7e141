import numpy as np
import pytest

from cnn import datasets, drawing
from cnn.recognition import detector
from cnn.recognition.calibration import THRESHOLD, digit_scores
from cnn.runs.weights import load_model
from tests.strokes import SAMPLE_STROKES

HOUSE = [
    [(10, 50), (10, 100), (90, 100), (90, 50)],
    [(0, 50), (50, 0), (100, 50), (0, 50)],
    [(40, 100), (40, 70), (60, 70), (60, 100)],
]


@pytest.fixture(scope="module", autouse=True)
def small_detector():
    """None came with the data set: one is fitted, on less, so that the tests stay quick."""
    file = detector.path_of("mnist-sample")
    shipped = file.read_bytes()
    file.unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detector, "IMAGES", 3000)
        patch.setattr(detector, "LETTERS", 300)
        patch.setattr(detector, "EPOCHS", 3)
        patch.setattr(detector, "_detectors", {})
        yield
    file.write_bytes(shipped)


def test_digits_are_digits_and_a_house_is_not(trained):
    model = load_model(trained)
    real = datasets.load("mnist-sample").test_images[:300]
    scores = digit_scores(trained, model, real)
    assert scores.shape == (300,) and scores.dtype == np.float32
    assert 0 <= scores.min() <= scores.max() <= 1
    assert (scores >= THRESHOLD).mean() > 0.85

    other = drawing.from_strokes(HOUSE).image
    noise = np.random.default_rng(0).random((28, 28), np.float32)
    shown = np.stack([other, noise])
    assert digit_scores(trained, model, shown).max() < float(np.median(scores))
    assert digit_scores(trained, model, shown).min() < THRESHOLD


def test_the_same_answer_from_the_files_and_one_at_a_time(trained, monkeypatch):
    model = load_model(trained)
    images = np.stack([drawing.from_strokes(s).image for s in SAMPLE_STROKES.values()])
    first = digit_scores(trained, model, images)
    assert (
        detector.path_of("mnist-sample").is_file()
        and (trained.files.detector_calibration).is_file()
    )
    monkeypatch.setattr(detector, "_detectors", {})
    monkeypatch.setattr(detector, "fit", lambda *_: pytest.fail("fitted again"))
    assert np.allclose(digit_scores(trained, model, images), first, atol=1e-5)
    one = digit_scores(trained, model, images[:1])
    assert np.allclose(one, first[:1], atol=1e-5)
    assert digit_scores(trained, model, images[:0]).shape == (0,)


def test_damaged_files_are_made_anew(trained, monkeypatch):
    model = load_model(trained)
    image = np.zeros((1, 28, 28), np.float32)
    first = digit_scores(trained, model, image)
    (trained.files.detector_calibration).write_text("{")
    assert np.allclose(digit_scores(trained, model, image), first, atol=1e-5)
    calls = []
    detector.path_of("mnist-sample").write_bytes(b"cut short")
    monkeypatch.setattr(detector, "_detectors", {})
    original = detector.fit
    monkeypatch.setattr(detector, "fit", lambda name, **_: calls.append(name) or original(name))
    digit_scores(trained, model, image)
    assert calls == ["mnist-sample"]
