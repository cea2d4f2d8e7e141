"""Figures of a network's inside hold the numbers that they were given."""

import numpy as np
import pytest

from cnn import figures


def test_a_histogram_counts_every_pixel():
    values = np.random.default_rng(0).normal(size=(14, 14)).astype(np.float32)
    figure = figures.histogram(np.maximum(values, 0), values)
    assert [int(sum(bars.y)) for bars in figure.data] == [196, 196]


def test_a_histogram_of_one_value_is_drawn():
    assert int(sum(figures.histogram(np.zeros((3, 3), np.float32)).data[0].y)) == 9


def test_an_overlay_without_opacity_is_the_image():
    image = np.zeros((28, 28), np.uint8)
    image[3, 4] = 255
    heat = np.random.default_rng(0).normal(size=(28, 28)).astype(np.float32)
    shown = figures.overlay(image, heat, 0.0, False).data[0].z
    assert tuple(shown[3, 4]) == (255, 255, 255)
    assert tuple(shown[0, 0]) == (13, 13, 13)


def test_an_overlay_is_orange_for_and_blue_against():
    heat = np.zeros((28, 28), np.float32)
    heat[0, 0], heat[0, 1] = 1, -1
    shown = figures.overlay(np.zeros((28, 28), np.uint8), heat, 1.0, False).data[0].z
    assert shown[0, 0, 0] > shown[0, 0, 2]
    assert shown[0, 1, 2] > shown[0, 1, 0]


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


def test_spreads_name_the_dead():
    counts, edges = np.array([1, 3]), np.array([0.0, 1.0, 2.0])
    figure = figures.spreads(["a", "b"], [counts] * 2, [edges] * 2, [0.0, 0.5])
    titles = [note.text for note in figure.layout.annotations]
    assert titles[0] == "a" and "50% dead" in titles[1]
    assert figure.data[0].customdata.tolist() == pytest.approx([0.25, 0.75])


def test_scores_over_epochs_mark_where_we_are():
    figure = figures.scores_over_epochs([0, 1], np.array([[0.5, 0.5], [0.1, 0.9]]), "ab", at=1)
    assert len(figure.data) == 2
    assert figure.layout.shapes[0].x0 == 1


def test_contributions_keep_their_order_and_signs():
    figure = figures.contributions(["x", "y"], [1.0, -2.0])
    assert list(figure.data[0].y) == ["x", "y"]
    assert figure.data[0].marker.color[0] != figure.data[0].marker.color[1]


def test_a_function_curve_marks_the_value():
    figure = figures.function_curve(lambda x: max(x, 0.0), -1.5, "relu")
    assert (figure.data[1].x[0], figure.data[1].y[0]) == (-1.5, 0.0)
