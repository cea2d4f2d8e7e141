"""Probabilities through time."""

import numpy as np

from cnn import figures


def test_probabilities_over_epochs_mark_where_we_are():
    figure = figures.probabilities_over_epochs(
        [0, 1], np.array([[0.5, 0.5], [0.1, 0.9]]), "ab", at=1
    )
    assert len(figure.data) == 2
    assert figure.layout.shapes[0].x0 == 1


def test_the_first_epoch_leaves_room_for_its_early_steps():
    rows = np.linspace(0, 1, 22).reshape(11, 2)
    epochs = list(range(9))
    figure = figures.answer_over_epochs(epochs, rows, "ab", early_steps=(10, 50))
    x = figure.data[0].x
    np.testing.assert_allclose(np.diff(x[:4]), 7 / 3)  # evenly, in half of the width
    np.testing.assert_allclose(np.diff(x[3:]), 1)  # and every later epoch takes as much
    words = figure.data[0].customdata
    assert [said.split(": ")[0] for said in words[:4]] == [
        "epoch 0",
        "step 10",
        "step 50",
        "epoch 1",
    ]
    assert [said.split(": ")[1] for said in words[:2]] == ["<0.1%", "9.5%"]
    axis = figure.layout.xaxis
    where = dict(zip(axis.ticktext, axis.tickvals, strict=True))
    assert where["10"] == x[1] and where["50<br>steps"] == x[2] and where["8"] == x[-1]


def test_without_early_steps_the_axis_is_the_epochs_own():
    figure = figures.answer_over_epochs([0, 5, 40], np.eye(3), "abc")
    assert list(figure.data[0].x) == [0, 5, 40]
    assert list(figure.layout.xaxis.ticktext) == ["0", "40"]
