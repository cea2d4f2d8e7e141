"""Curves of a training: axes that mean something from the first moment."""

from __future__ import annotations

from cnn.figures import accuracy_curve, loss_curve
from cnn.figures.curves import WITHIN_TRAIN, WITHIN_VALIDATION


def test_axes_stand_before_there_is_anything():
    accuracy, loss = accuracy_curve([], [], [], None, 3), loss_curve([], [], 500)
    assert accuracy.layout.yaxis.range == (0, 1)
    assert accuracy.layout.xaxis.range == (0, 3.5)
    assert loss.layout.yaxis.range == (0, 2.5)
    assert loss.layout.xaxis.range == (0, 500)


def test_they_follow_the_data_once_there_is_some():
    one = accuracy_curve([1], [0.9], [0.9], None, 3)
    assert one.layout.yaxis.range == (0, 1)  # within the first epoch it rises from guessing
    two, loss = accuracy_curve([1, 2], [0.9, 0.95], [0.92, None], 1, 3), loss_curve([1], [2.9], 500)
    low, high = two.layout.yaxis.range
    assert 0.88 < low < 0.9 and 0.95 < high < 0.97
    assert loss.layout.yaxis.rangemode == "tozero"


def test_what_happens_within_an_epoch_has_traces_of_its_own():
    figure = accuracy_curve([1], [0.9], [0.9], 1, 3)
    assert [trace.name for trace in figure.data[-2:]] == [WITHIN_TRAIN, WITHIN_VALIDATION]
    assert all(len(trace.x) == 0 for trace in figure.data[-2:])


def test_a_legend_that_needs_two_rows_grows_away_from_the_chart():
    figure = accuracy_curve([1, 2, 3], [0.8, 0.9, 0.95], [0.85, 0.9, 0.92], 3, 3)
    legend = figure.layout.legend
    assert legend.yanchor == "bottom" and legend.y >= 1
