"""Curves of a training: axes that mean something from the first moment."""

from __future__ import annotations

from cnn.figures import accuracy_curve, loss_curve


def test_axes_stand_before_there_is_anything():
    accuracy, loss = accuracy_curve([], [], [], None, 3), loss_curve([], [], 500)
    assert accuracy.layout.yaxis.range == (0, 1)
    assert accuracy.layout.xaxis.range == (0.5, 3.5)
    assert loss.layout.yaxis.range == (0, 2.5)
    assert loss.layout.xaxis.range == (0, 500)


def test_they_follow_the_data_once_there_is_some():
    accuracy, loss = accuracy_curve([1], [0.9], [0.9], None, 3), loss_curve([1], [2.9], 500)
    assert accuracy.layout.yaxis.range is None
    assert accuracy.layout.yaxis.autorangeoptions.clipmin == 0
    assert accuracy.layout.yaxis.autorangeoptions.clipmax >= 1
    assert loss.layout.yaxis.rangemode == "tozero"
