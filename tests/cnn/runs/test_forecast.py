"""What a run will take: all its images, validation, scoring and start counted."""

from __future__ import annotations

import pytest

from cnn import datasets
from cnn.drawing import synthetic_digits
from cnn.presets import PRESETS
from cnn.runs import forecast, speeds
from tests.conftest import SMALL, SMALL_SETTINGS


def whole(**changes) -> float:
    """Seconds of a run on the sample at 1,000 images a second, apart from its start."""
    settings = SMALL_SETTINGS.changed(**changes)
    speed = speeds.Speed(1000.0, measured=True)
    expected = forecast.at_speed(speed, SMALL, settings, "mnist-sample", bf16=False)
    return expected.whole - forecast.START_SECONDS


def test_it_counts_steps_validation_and_scoring():
    # 2 epochs of 3,500 images; 500 validated twice and 1,000 scored, forwards only.
    step, arithmetic = speeds.parts_of_step(SMALL, SMALL_SETTINGS, bf16=False)
    scoring = 0.36 * arithmetic / (step + arithmetic)
    assert whole() == pytest.approx(7 * 1.03 + 0.28 + scoring, abs=0.01)
    assert whole(epochs=20) == pytest.approx(70 * 1.03 + 2.8 + scoring, abs=0.05)
    assert whole(validation_images=0) == pytest.approx(8 * 1.03 + scoring, abs=0.01)


def test_scoring_takes_what_was_measured_of_it():
    measured = [speeds.Speed(1000.0, None, True, scored) for scored in (500.0, 2000.0)]
    slow, fast = (
        forecast.at_speed(speed, SMALL, SMALL_SETTINGS, "mnist-sample", bf16=False).whole
        for speed in measured
    )
    assert slow - fast == pytest.approx(1000 / 500 - 1000 / 2000)  # 1,000 test images


@pytest.mark.parametrize("train_images", [None, 20, 400, 60_000])
def test_it_counts_the_images_that_handwriting_adds(train_images):
    settings = SMALL_SETTINGS.changed(handwriting=0.5, train_images=train_images)
    images = datasets.load("mnist-sample")
    count = settings.trained_on(datasets.DATASETS["mnist-sample"])
    x, y = images.train_images[:count], images.train_labels[:count]
    added = synthetic_digits.additional_images("mnist-sample", settings, x, y)
    assert added
    assert synthetic_digits.additional_count("mnist-sample", settings, count) == len(added[0])
    more = whole(handwriting=0.5, train_images=train_images) - whole(train_images=train_images)
    assert more == pytest.approx(2 * 1.03 * len(added[0]) / 1000, abs=0.01)


def test_without_handwriting_or_digits_nothing_is_added():
    handwriting = SMALL_SETTINGS.changed(handwriting=1.0)
    assert synthetic_digits.additional_count("mnist-sample", SMALL_SETTINGS, 3500) == 0
    assert synthetic_digits.additional_count("fashion-mnist", handwriting, 55_000) == 0


def test_a_measured_speed_comes_before_an_estimate(runs_folder):
    guess = forecast.forecast(SMALL, SMALL_SETTINGS, "mnist-sample", "cpu", False)
    assert guess and not guess.speed.measured
    assert forecast.forecast(SMALL, SMALL_SETTINGS, "mnist-sample", "cuda:0", False) is None
    speeds.remember(SMALL, SMALL_SETTINGS, "cpu", speeds.Speed(10.0))
    known = forecast.forecast(SMALL, SMALL_SETTINGS, "mnist-sample", "cpu", False)
    assert known and known.speed.measured and known.epoch == pytest.approx(378, rel=0.01)


def test_an_estimate_follows_the_calibration_of_this_machine_and_version(runs_folder, monkeypatch):
    preset = PRESETS["compact"]

    def step() -> float:
        speed = speeds.estimate(preset.architecture, preset.settings, bf16=True)
        return preset.settings.batch_size / speed.images_per_second

    before = step()
    speeds.keep_calibration(3.0, 3.0)
    assert step() == pytest.approx(3 * before)
    monkeypatch.setattr(speeds, "_torch_version", lambda: "99")
    assert speeds.calibration() is None and step() == pytest.approx(before)


def test_the_calibration_is_measured_once(runs_folder, monkeypatch):
    from cnn.runs import calibration

    measured = []

    def measure(network, settings, device, *times, scoring):
        assert not scoring
        measured.append(network)
        bf16 = calibration.takes_bf16(device, settings.precision, network.convolutional)
        parts = speeds.parts_of_step(network, settings, bf16)
        return speeds.Speed(1e6 * settings.batch_size / (2 * parts[0] + 5 * parts[1]))

    monkeypatch.setattr(calibration.speed_test, "measure", measure)
    calibration.calibrate()
    step, arithmetic = speeds.calibration()
    assert step == pytest.approx(2, rel=0.1) and arithmetic == pytest.approx(5, rel=0.1)
    calibration.calibrate()
    assert len(measured) == 4 * calibration.ROUNDS
