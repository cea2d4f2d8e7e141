"""Lessons as data: what a link may say, what a lesson must have, the digits and networks."""

import ast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn import lessons, runs
from cnn.lessons import GLOSSARY, LESSONS
from cnn.lessons.glossary import PAGE_TERMS
from cnn.lessons.history import costs, nearest_mean
from cnn.lessons.program import KERAS, PYTORCH, logged
from cnn.lessons.state import Number, Numbers, OneOf, default_state, read_state, write_state

FIELDS = {
    "word": OneOf(("a", "b")),
    "count": Number(1, 5, 2, whole=True),
    "rate": Number(-1, 1, 0.5),
    "weights": Numbers((1, 2, 3), (3, 4), -9, 9),
}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_a_lesson_is_whole(lesson):
    assert lesson.words.count(". ") <= 1, "two sentences at most"
    assert 0 <= lesson.question.right < len(lesson.question.choices)
    assert len(set(lesson.question.choices)) == len(lesson.question.choices) >= 3
    assert lesson.carry
    assert set(lesson.terms) <= set(GLOSSARY)
    start = default_state(lesson.fields)
    assert read_state(lesson.fields, start) == (start, [])


def test_every_word_of_the_glossary_is_of_a_lesson_or_a_page():
    of_lessons = {term for lesson in LESSONS for term in lesson.terms}
    assert of_lessons.union(*PAGE_TERMS.values()) == set(GLOSSARY)


@given(
    word=st.sampled_from("ab"),
    count=st.integers(1, 5),
    rate=st.floats(-1, 1).map(lambda v: float(f"{v:.4g}")),
    weights=st.lists(st.floats(-9, 9).map(lambda v: float(f"{v:.4g}")), min_size=3, max_size=4),
)
def test_a_link_brings_back_what_it_was_made_of(word, count, rate, weights):
    state = {"word": word, "count": count, "rate": rate, "weights": weights}
    link = write_state(FIELDS, state)
    assert all(isinstance(value, str) for value in link.values())
    assert read_state(FIELDS, link) == (state, [])


NONSENSE = st.text("0123456789._-abx", max_size=9) | st.none() | st.floats()


@given(st.dictionaries(st.sampled_from([*FIELDS, "other"]), NONSENSE))
def test_whatever_a_link_says_the_state_is_allowed(given):
    state, problems = read_state(FIELDS, given)
    assert set(state) == set(FIELDS)
    assert read_state(FIELDS, state) == (state, [])
    assert len(problems) <= len(given)
    assert all("in the link must be" in problem for problem in problems)


@pytest.mark.parametrize("bad", ["0", "6", "2.5", "nan", "inf", "1e999", "", "two", True, None])
def test_a_number_out_of_bounds_is_refused(bad):
    state, problems = read_state(FIELDS, {"count": bad})
    assert state["count"] == 2
    assert "whole number from 1 to 5" in problems[0] or "number" in problems[0]


def test_ten_real_digits(examples):
    digits = lessons.digits()
    assert digits.shape == (10, 28, 28)
    assert digits.dtype == np.uint8
    assert all(digit.max() > 200 for digit in digits)


def test_missing_examples_are_said():
    with pytest.raises(lessons.MaterialError, match="missing from"):
        lessons.digits()
    with pytest.raises(lessons.MaterialError, match="missing from"):
        lessons.network("example-compact")


def test_the_nearest_mean_image():
    from sklearn.neighbors import NearestCentroid

    random = np.random.default_rng(0)
    labels = np.arange(200) % 4
    images = random.integers(0, 200, (200, 6, 6)).astype(np.uint8)
    images[labels == 1, 2] = 255
    images[labels == 3, :, 4] = 255
    means, accuracy = nearest_mean(images[:150], labels[:150], images[150:], labels[150:])
    other = NearestCentroid().fit(images[:150].reshape(150, -1) / 255, labels[:150])
    np.testing.assert_allclose(means.reshape(4, -1), other.centroids_, atol=1e-5)
    assert accuracy == other.score(images[150:].reshape(50, -1) / 255, labels[150:])


def test_the_programs_log_is_the_runs(examples):
    run = runs.Run(examples / "example-tutorial")
    log = logged(run)
    assert len(log) == run.config.settings.epochs
    assert log[0]["accuracy"] < log[-1]["accuracy"]


def test_both_programs_can_be_read_by_python():
    for program in (KERAS, PYTORCH):
        ast.parse("\n".join(line.code for line in program))
        assert {line.stage for line in program} == {line.stage for line in KERAS}


def test_costs_are_those_of_finished_runs(trained):
    (cost,) = costs(runs.list_runs())
    network = trained.config.architecture
    assert (cost["parameters"], cost["multiply_adds"]) == (
        network.parameters,
        network.multiply_adds,
    )
    assert cost["accuracy"] == trained.status()["test_accuracy"]
    assert cost["preset"] is None


def test_an_examples_network_is_its_presets(examples):
    found = {cost["name"]: cost["preset"] for cost in costs(runs.list_runs())}
    assert set(found.values()) == {"compact", "tutorial"}
