"""Learn: every lesson opens, asks, answers and carries on; a link brings its state."""

import numpy as np
import pytest

from cnn.lessons import LESSONS, digits
from cnn.network.layers import Activation, Conv2d, Dropout, SumPool2d
from cnn.presets import EXPERIMENTS
from ui.learn.carry import shifted

IDS = [lesson.id for lesson in LESSONS]


def keys(elements):
    return [element.key for element in elements]


def test_the_list_shows_all_lessons_and_opens_one(app, examples):
    page = app("learn")
    assert [key for key in keys(page.button) if key.startswith("open_")] == [
        f"open_{name}" for name in IDS
    ]
    page.button(key="open_learning").click().run()
    assert page.title[0].value.endswith("Learning")
    assert "".join(page.query_params["lesson"]) == "learning"


def test_all_lessons_one_after_the_other(app, examples):
    page = app(
        "learn",
    )
    page.button(key=f"open_{IDS[0]}").click().run()
    for number, lesson in enumerate(LESSONS, 1):
        assert not page.exception
        assert not page.info, page.info
        assert page.title[0].value == f"{number}. {lesson.title}"
        question = page.radio(key=f"answer_{lesson.id}")
        revealed = lesson.question.reveal
        assert not any(revealed in text.value for text in page.markdown)
        question.set_value(lesson.question.right).run()
        assert any("Right." in text.value and revealed in text.value for text in page.markdown)
        last = number == len(LESSONS)
        page.button(key="learn_end" if last else "learn_next").click().run()
    done = "-".join(str(n) for n in range(1, len(LESSONS) + 1))
    assert "".join(page.query_params["done"]) == done
    assert "lesson" not in page.query_params


def test_a_wrong_prediction_is_answered_too(app, examples):
    page = app("learn", lesson="pooling")
    page.radio(key="answer_pooling").set_value(0).run()
    lesson = LESSONS[IDS.index("pooling")]
    right = lesson.question.choices[lesson.question.right]
    assert any(f"No: {right}" in text.value for text in page.markdown)


def test_a_link_brings_lesson_state_and_progress(app, examples):
    page = app("learn", lesson="convolution", stride="2", picture="3", done="1-3")
    assert page.title[0].value.endswith("Convolution")
    assert "".join(page.query_params["stride"]) == "2"
    page.button(key="carry_convolution_0").click().run()
    assert page.title[0].value == "Design"
    first = page.session_state.playground.architecture.layers[0]
    assert isinstance(first, Conv2d)
    assert (first.stride, first.kernel_size, first.padding) == (2, 3, "valid")


def test_a_link_with_nonsense_says_so_and_starts_anew(app, examples):
    page = app("learn", lesson="convolution", stride="99", kernel="1_2")
    assert len(page.info) == 2
    assert not page.exception
    assert "stride" not in page.query_params
    page = app("learn", done="²-3-" + "9" * 5000)
    assert not page.exception
    page = app("learn", lesson="nothing")
    assert "no lesson" in page.info[0].value


def test_without_the_examples_a_lesson_says_what_is_missing(app):
    page = app("learn", lesson="pixels")
    assert "missing from" in page.info[0].value
    assert not page.exception


CARRIED = {
    ("pixels", 0): "Inspect",
    ("convolution", 1): "Inspect",
    ("pooling", 2): "Press Train and watch a network learn to read digits",
    ("activations", 0): "Press Train and watch a network learn to read digits",
    ("dense", 0): "Press Train and watch a network learn to read digits",
    ("learning", 0): "Train",
    ("program", 0): "Train",
    ("overfitting", 0): "Train",
    ("objects", 0): "Inspect",
    ("limits", 0): "Design",
}


@pytest.mark.parametrize(("lesson", "number"), CARRIED)
def test_what_was_made_is_carried_on(app, examples, lesson, number):
    query = {
        "pixels": {"right": "3"},
        "activations": {"bend": "tanh"},
        "dense": {"rate": "0.3"},
        "learning": {"rate": "2"},
        "overfitting": {"images": "100", "rate": "0.4"},
        "limits": {"preset": "lenet5"},
    }.get(lesson, {})
    page = app("learn", lesson=lesson, **query)
    page.button(key=f"carry_{lesson}_{number}").click().run()
    assert not page.exception
    assert page.title[0].value == CARRIED[lesson, number]
    play = page.session_state.playground
    layers = play.architecture.layers
    if lesson == "pooling":
        assert sum(isinstance(layer, SumPool2d) for layer in layers) == 3
    if lesson == "activations":
        assert {one.function for one in layers if isinstance(one, Activation)} == {"tanh"}
    if lesson == "dense":
        assert [one.rate for one in layers if isinstance(one, Dropout)] == [0.3]
    if lesson == "overfitting":
        assert play.settings.train_images == 100
        assert [one.rate for one in layers if isinstance(one, Dropout)] == [0.4]
    if lesson in ("program", "limits"):
        assert play.preset == {"program": "tutorial", "limits": "lenet5"}[lesson]
    if lesson == "learning":
        assert (play.settings.optimizer, play.settings.learning_rate) == ("sgd", 2.0)


def test_a_digit_moves_with_its_lesson(examples):
    image = digits()[7]
    np.testing.assert_array_equal(shifted(image, 0, 0), image)
    np.testing.assert_array_equal(shifted(image, -2, 3)[:-2, 3:], image[2:, :-3])
    assert not shifted(image, -2, 3)[:, :3].any()
    assert not shifted(image, -2, 3)[-2:].any()


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.name)
def test_an_experiment_is_set_up_by_one_click(app, experiment):
    page = app("learn")
    page.button(key=f"try_{experiment.name}").click().run()
    assert not page.exception
    assert page.title[0].value == "Train"
    play = page.session_state.playground
    assert play.architecture == experiment.architecture
    assert play.settings == experiment.settings
    assert not page.button(key="start").disabled
