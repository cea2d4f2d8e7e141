"""Presets that differ in one thing only, so that a difference in the result has one cause.

The pooling twins differ in their pooling, the dropout twins in one switch.
"""

from __future__ import annotations

from cnn.network import Architecture
from cnn.network.layers import (
    AnyLayer,
    AvgPool2d,
    Dropout,
    Flatten,
    MaxPool2d,
    SumPool2d,
)
from cnn.presets.blocks import conv_relu, linear_relu, network
from cnn.presets.preset import Preset
from cnn.training import Settings

_POOLING_SETTINGS = Settings(epochs=3, batch_size=64, optimizer="adamw", learning_rate=0.002)
_DROPOUT_SETTINGS = Settings(epochs=8, batch_size=64, optimizer="adamw", learning_rate=0.002)
_POOLING_SOURCE = "Scherer, Müller and Behnke, 2010, ICANN, 92–101; Boureau and others, 2010, ICML"
_DROPOUT_SOURCE = "Srivastava and others, 2014, Journal of Machine Learning Research 15, 1929–1958"


def _pooling_twin(pooling: AnyLayer) -> Architecture:
    first, second = conv_relu(16, kernel_size=5), conv_relu(32, kernel_size=5)
    return network(*first, pooling, *second, pooling, Flatten(), *linear_relu(64))


def _dropout_twin(enabled: bool) -> Architecture:
    return network(
        *conv_relu(32),
        MaxPool2d(),
        *conv_relu(64),
        MaxPool2d(),
        Flatten(),
        *linear_relu(256),
        Dropout(rate=0.5, enabled=enabled),
    )


TWINS = (
    Preset(
        "twin-max",
        "Pooling twin: maximum",
        "One of three networks that differ in their pooling only. This one keeps the strongest "
        "response of each window.",
        _pooling_twin(MaxPool2d()),
        _POOLING_SETTINGS,
        history="Maximum pooling asks whether a feature was there at all, and lets the gradient "
        "through to the winner only. Used by Yamaguchi for speech in 1990 and in Weng's "
        "Cresceptron in 1992, it became the rule after Scherer and colleagues had compared it "
        "with averages on images in 2010.",
        source=_POOLING_SOURCE,
    ),
    Preset(
        "twin-average",
        "Pooling twin: average",
        "One of three networks that differ in their pooling only. This one keeps the mean of each "
        "window.",
        _pooling_twin(AvgPool2d()),
        _POOLING_SETTINGS,
        history="Averaging asks how much of a feature was there. It is the older way, the "
        "Neocognitron's and LeNet's, and a gentle one: every value gets its share of the "
        "gradient. A strong response in one corner is diluted by three weak ones.",
        source=_POOLING_SOURCE,
    ),
    Preset(
        "twin-sum",
        "Pooling twin: sum",
        "One of three networks that differ in their pooling only. This one adds up each window: "
        "the average times four.",
        _pooling_twin(SumPool2d()),
        _POOLING_SETTINGS,
        history="The sum holds the same information as the average, so in theory the weights "
        "after it could simply be a quarter as large. In practice training starts from weights of "
        "the same size, and every sum makes the signal four times larger. Here that only hurries "
        "the first steps; in a deeper network it multiplies up until training breaks, which is "
        "why averages are what people use.",
        source=_POOLING_SOURCE,
    ),
    Preset(
        "twin-dropout",
        "Dropout twin: with",
        "One of two networks that differ in one switch. Here half of the 256 hidden units are "
        "set to zero at random in every training step.",
        _dropout_twin(True),
        _DROPOUT_SETTINGS,
        history="Hinton said that the idea came to him at his bank, where the tellers kept "
        "changing: to defraud it they would have to conspire. Units that cannot count on one "
        "another learn features that are useful by themselves. Watch the gap between training and "
        "validation accuracy, here and in the twin without.",
        source=_DROPOUT_SOURCE,
    ),
    Preset(
        "twin-no-dropout",
        "Dropout twin: without",
        "One of two networks that differ in one switch. The dropout layer is there, but switched "
        "off.",
        _dropout_twin(False),
        _DROPOUT_SETTINGS,
        history="The same network with its dropout layer switched off: it learns the training "
        "images faster and more exactly, which is not the same as reading new ones better. Train "
        "it on the 5,000-digit sample to see the difference most clearly.",
        source=_DROPOUT_SOURCE,
    ),
)
