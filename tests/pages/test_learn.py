"""Learn: every lesson opens, asks, answers and carries on; a link brings its state."""

import base64

import numpy as np
import pytest

from cnn import runs
from cnn.lessons import LESSONS, digits
from cnn.network.layers import Activation, AvgPool2d, Conv2d, Dropout, MaxPool2d, SumPool2d
from cnn.presets import EXPERIMENTS
from cnn.runs.weights import load_model
from ui.inspect.state import InspectState
from ui.learn.carry import shifted
from ui.learn.state import LearnState, sent_image, take
from ui.shared.image_choice import ImageChoice

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
    page.button(key="carry_convolution_build_layer").click().run()
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


PLAY = "Press Train and watch a network learn to read digits"
CARRIED = {
    ("pixels", "look_inside"): "Inspect",
    ("convolution", "see_layer"): "Inspect",
    ("pooling", "pool_max"): PLAY,
    ("pooling", "pool_avg"): PLAY,
    ("pooling", "pool_sum"): PLAY,
    ("activations", "bend"): PLAY,
    ("activations", "draw"): "Draw",
    ("dense", "one_layer"): "Inspect",
    ("dense", "dropout"): PLAY,
    ("learning", "train_rate"): "Train",
    ("learning", "play_rate"): PLAY,
    ("program", "train_tutorial"): "Train",
    ("overfitting", "train_overfitting"): "Train",
    ("overfitting", "play_overfitting"): PLAY,
    ("objects", "look_at_map"): "Inspect",
    ("limits", "open_preset"): "Design",
    ("limits", "compare"): "Compare",
}
PARTS = {"dropout": "dropout", "draw": "softmax", "compare": "costs"}
LINKS: dict[str, dict[str, str]] = {
    "pixels": {"right": "3"},
    "activations": {"bend": "tanh"},
    "dense": {"rate": "0.3"},
    "learning": {"rate": "2"},
    "overfitting": {"images": "100", "rate": "0.4"},
    "objects": {"layer": "2", "map": "5"},
    "limits": {"preset": "lenet5", "part": "history"},
}


@pytest.mark.parametrize(("lesson", "way"), CARRIED)
def test_what_was_made_is_carried_on(app, examples, lesson, way):
    query = dict(LINKS.get(lesson, {}))
    if way in PARTS:
        query["part"] = PARTS[way]
    if way == "play_rate":
        query |= {"part": "surface", "step": "0.25"}
    page = app("learn", lesson=lesson, **query)
    page.button(key=f"carry_{lesson}_{way}").click().run()
    assert not page.exception
    assert page.title[0].value == CARRIED[lesson, way]
    play = page.session_state.playground
    layers = play.architecture.layers
    rates = [one.rate for one in layers if isinstance(one, Dropout)]
    if lesson == "pooling":
        pools = {"pool_max": MaxPool2d, "pool_avg": AvgPool2d, "pool_sum": SumPool2d}
        assert sum(isinstance(layer, pools[way]) for layer in layers) == 3
    if way == "bend":
        assert {one.function for one in layers if isinstance(one, Activation)} == {"tanh"}
    if way == "dropout":
        assert rates == [0.3]
    if lesson == "overfitting":
        assert (play.settings.train_images, rates) == (100, [0.4])
    if way in ("train_tutorial", "open_preset"):
        assert play.preset == {"program": "tutorial", "limits": "lenet5"}[lesson]
    if lesson == "learning":
        rate = 2.0 if way == "train_rate" else 0.25
        assert (play.settings.optimizer, play.settings.learning_rate) == ("sgd", rate)
    if CARRIED[lesson, way] == "Inspect":
        network = "example-tutorial" if way == "one_layer" else "example-compact"
        assert play.run_id == network
        drawing = play.pages[ImageChoice].drawing
        picture = {"dense": 0}.get(lesson, 7)
        moved = shifted(digits()[picture], 0, 3 if lesson == "pixels" else 0)
        np.testing.assert_array_equal(drawing, moved.astype(np.float32) / np.float32(255))
    if way == "look_at_map":
        choice = play.pages[InspectState].runs["example-compact"].choice
        assert (choice.layer, choice.channel) == (7, 5)  # the second block's ReLU


def test_nine_weights_become_the_first_filter_of_a_run(app, examples):
    kernel = [0, 1, 0, 2, -4, 0.5, 0, 1, 0]
    page = app("learn", lesson="convolution", kernel="_".join(map(str, kernel)))
    page.button(key="carry_convolution_own_filter").click().run()
    assert not page.exception
    assert page.title[0].value == "Inspect", page.info
    run = runs.open_run(page.session_state.playground.run_id)
    first = load_model(run)[0].weight.detach().numpy()
    example = load_model(runs.open_run("example-compact"))[0].weight.detach().numpy()
    assert first[0, 0].ravel().tolist() == kernel
    np.testing.assert_array_equal(first[1:], example[1:])
    assert "surgery" in run.config.origin


def test_weights_of_another_size_say_why_they_do_not_fit(app, examples):
    page = app("learn", lesson="convolution", kernel="_".join(["1"] * 25))
    page.button(key="carry_convolution_own_filter").click().run()
    assert not page.exception
    assert page.title[0].value.endswith("Convolution")
    assert "nine weights" in page.info[0].value


@pytest.mark.parametrize("sent", [None, 3, "", "@@", "AAAA", "A" * 3000])
def test_what_is_no_image_is_left(sent):
    assert sent_image(sent) is None


def test_an_image_that_was_drawn_comes_from_the_browser():
    sent = np.arange(784, dtype=np.uint16).astype(np.uint8)
    found = sent_image(base64.b64encode(sent.tobytes()).decode())
    np.testing.assert_array_equal(found, sent.reshape(28, 28))


def test_a_drawing_is_kept_until_a_digit_is_chosen(monkeypatch):
    mine = LearnState()
    monkeypatch.setattr("ui.learn.state.get", lambda: mine)
    image = np.full((28, 28), 7, np.uint8)
    packed = base64.b64encode(image.tobytes()).decode()
    take("pixels", {"picture": 3, "image": packed, "drawing": packed})
    np.testing.assert_array_equal(mine.drawings["pixels"], image)
    take("pixels", {"picture": 4, "image": packed, "drawing": None})
    assert "pixels" not in mine.drawings
    np.testing.assert_array_equal(mine.images["pixels"], image)


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


def test_a_training_starts_from_the_weights_of_the_lesson(app, examples, monkeypatch):
    kernel = [-1, -1, -1, 0, 2.5, 0, 1, 1, 1]
    page = app("learn", lesson="convolution", kernel="_".join(map(str, kernel)))
    page.button(key="carry_convolution_train_filter").click().run()
    assert not page.exception
    assert page.title[0].value == "Train"
    assert any("starts from your weights" in text.value for text in page.html)
    begun = []
    monkeypatch.setattr(runs, "launch", begun.append)
    page.button(key="start").click().run()
    page.switch_page("pages/train.py").run()
    assert not page.exception
    [run] = begun
    assert np.ravel(run.config.first_filter).tolist() == kernel
    assert "with my filter" in run.name
    assert any("−1 −1 −1 / 0 2.5 0 / 1 1 1" in text.value for text in page.caption)
    page.button(key="drop_first_filter").click().run()
    assert "with my filter" not in page.button(key="start").label


def test_a_filter_that_fits_no_longer_is_left_out_and_said_so(app, examples):
    page = app("learn", lesson="convolution")
    page.button(key="carry_convolution_train_filter").click().run()
    play = page.session_state.playground
    play.cards[0].layer = play.cards[0].layer.changed(kernel_size=5)
    page.switch_page("pages/train.py").run()
    assert any("yours is 3×3" in text.value for text in page.html)
    assert "with my filter" not in page.button(key="start").label
