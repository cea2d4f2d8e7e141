"""The dares: what wins them, and what does not."""

from __future__ import annotations

import dataclasses

import pytest

from cnn.presets.dares import DARES, Result

BY_NAME = {dare.name: dare.check for dare in DARES}


@pytest.mark.parametrize(
    ("result", "won"),
    [
        (Result(9_999, test_accuracy=0.99), True),
        (Result(9_999, test_accuracy=0.9899), False),
        (Result(10_000, test_accuracy=0.995), False),
        (Result(500), False),
    ],
)
def test_99_per_cent_with_few_parameters(result, won):
    verdict = BY_NAME["small"]([result])
    assert verdict.won == won and verdict.text


@pytest.mark.parametrize(
    ("train", "validation", "won"),
    [
        *((1.0, 0.95, True), (0.99, 0.945, False), (0.9, None, False), (None, None, False)),
        (0.26, 0.12, False),  # it has learned nothing
    ],
)
def test_over_fitting_is_a_gap_of_five_points(train, validation, won):
    result = Result(1, held_out=500, train_accuracy=train, validation_accuracy=validation)
    assert BY_NAME["over-fit"]([result]).won == won


@pytest.mark.parametrize("cheat", [{"held_out": 10}, {"steered": True}])
def test_no_over_fitting_by_few_held_out_images_or_a_spoilt_learning_rate(cheat):
    result = Result(1, held_out=500, train_accuracy=1.0, validation_accuracy=0.9)
    assert BY_NAME["over-fit"]([result]).won
    assert not BY_NAME["over-fit"]([dataclasses.replace(result, **cheat)]).won


def noisy(validation: float, dropout: float = 0.0, twin: str = "a", **more: object) -> Result:
    known = {"held_out": 500, "finished": True, **more}
    return Result(1, twin, 0.4, dropout, validation_accuracy=validation, **known)


@pytest.mark.parametrize(
    ("results", "won"),
    [
        ([noisy(0.7), noisy(0.75, 0.5)], True),
        ([noisy(0.7), noisy(0.72, 0.5)], False),
        ([noisy(0.7), noisy(0.9, 0.5, "b")], False),  # another network, images or epochs
        ([noisy(0.7, finished=False), noisy(0.9, 0.5)], False),  # stopped before it had learned
        ([noisy(0.7, steered=True), noisy(0.9, 0.5)], False),
        ([noisy(0.7, held_out=20), noisy(0.9, 0.5, held_out=20)], False),
        ([noisy(0.9, 0.5)], False),
        ([noisy(0.7)], False),
        ([Result(1, validation_accuracy=0.5)], False),
        ([], False),
    ],
)
def test_wrong_labels_are_saved_by_dropout_alone(results, won):
    verdict = BY_NAME["noise"](results)
    assert verdict.won == won and verdict.text
