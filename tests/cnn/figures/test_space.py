"""The network in space: a sheet per layer, the classes at its end."""

import numpy as np

from cnn import figures


def test_planes_hold_a_sheet_per_layer_and_the_scores():
    layers = [("ReLU", np.ones((9, 14, 14), np.float32)), ("Max", np.ones((9, 7, 7), np.float32))]
    figure = figures.planes(layers, np.zeros((28, 28)), True, [0.2, 0.8], ["no", "yes"])
    kinds = [trace.type for trace in figure.data]
    assert kinds == ["surface"] * 3 + ["scatter3d"] * 2
    assert "yes" in figure.data[3].text[1]


def test_upright_planes_run_down_and_name_every_class_under_them():
    layers = [("1 Conv", np.zeros((4, 8, 8), np.float32))]
    figure = figures.planes(layers, np.zeros((28, 28)), False, [0.2, 0.8], ["no", "yes"], True)
    scores = figure.data[2]
    assert scores.text == ("no", "yes<br>80%")
    assert figure.layout.scene.camera.up.x == -1
