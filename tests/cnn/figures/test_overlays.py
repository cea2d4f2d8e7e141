"""Colours over an image: orange for, blue against, nothing where nothing is said."""

import numpy as np

from cnn import figures


def test_an_overlay_without_opacity_is_the_image():
    image = np.zeros((28, 28), np.uint8)
    image[3, 4] = 255
    heat = np.random.default_rng(0).normal(size=(28, 28)).astype(np.float32)
    shown = figures.overlay(image, heat, 0.0).data[0].z
    assert tuple(shown[3, 4]) == (255, 255, 255)
    assert tuple(shown[0, 0]) == (13, 13, 13)


def test_an_overlay_is_orange_for_and_blue_against():
    heat = np.zeros((28, 28), np.float32)
    heat[0, 0], heat[0, 1] = 1, -1
    shown = figures.overlay(np.zeros((28, 28), np.uint8), heat, 1.0).data[0].z
    assert shown[0, 0, 0] > shown[0, 0, 2]
    assert shown[0, 1, 2] > shown[0, 1, 0]


def test_the_scale_has_the_colours_that_the_overlay_has():
    heat = np.linspace(-3, 3, 28 * 28, dtype=np.float32).reshape(28, 28)
    peak = figures.overlay_peak(heat)
    shown = figures.overlay(np.zeros((28, 28), np.uint8), heat, 0.7).data[0].z
    scale = figures.overlay_scale(0.7, "against it", "for 7")
    colours = scale.data[0].z[0]
    assert scale.layout.xaxis.ticktext == ("against it", "0", "for 7")
    for pixel in ((0, 0), (13, 20), (27, 27)):
        share = np.clip(heat[pixel] / peak, -1, 1)
        at = round((share + 1) * 100)
        assert np.abs(colours[at].astype(int) - shown[pixel].astype(int)).max() <= 3
