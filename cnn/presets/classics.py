"""Further presets: networks that made history, and twins that differ in one thing only."""

from __future__ import annotations

from cnn.network import Architecture
from cnn.network.layers import (
    AnyLayer,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    Linear,
    MaxPool2d,
    SumPool2d,
)
from cnn.presets.preset import Preset, mlp_conv, network, relu, s_and_c, separable
from cnn.training import Settings

CLASSICS: tuple[Preset, ...] = (
    Preset(
        "neocognitron",
        "Neocognitron, in spirit",
        "Fukushima, 1980: layers of S cells that find features alternate with layers of C cells "
        "that blur where they were found. The ancestor of every network here.",
        network(*s_and_c(12), *s_and_c(24), *s_and_c(48), Flatten()),
        Settings(epochs=3, batch_size=64, optimizer="adamw", learning_rate=0.005),
        history="Fukushima modelled what Hubel and Wiesel had found in the cat's visual cortex: "
        "simple cells that answer to an edge at one place, complex cells that answer to it "
        "anywhere near. Kept here: three pairs of S and C layers, shared weights, rectified "
        "units (his, of 1969), overlapping averages as C cells. Not kept: his network learned by "
        "itself, without labels and without back-propagation, and its cells also inhibited each "
        "other; this one is trained like all others here.",
        source="Fukushima, 1980, Biological Cybernetics 36, 193–202",
    ),
    Preset(
        "nin",
        "Network in Network",
        "Lin, Chen and Yan, 2013: after each convolution a 1×1 convolution mixes the maps at every "
        "place, and the mean of each map replaces the wide Linear layers.",
        network(
            *mlp_conv(32, 5), MaxPool2d(), Dropout(rate=0.2),
            *mlp_conv(64, 3), MaxPool2d(), Dropout(rate=0.2),
            *mlp_conv(64, 3), GlobalAvgPool(),
        ),
        Settings(epochs=4, batch_size=128, optimizer="adamw", learning_rate=0.01),
        history="Two inventions of this paper are everywhere today: the 1×1 convolution, which "
        "the Inception and ResNet families live on, and global average pooling, which made the "
        "huge Linear layers at the end unnecessary. Not kept: the paper has two 1×1 convolutions "
        "in each block and takes one map per class as its last layer; here a small Linear layer "
        "reads the means, and batch norm (two years younger) steadies the training.",
        source="Lin, Chen and Yan, 2013, arXiv:1312.4400",
    ),
    Preset(
        "mobile",
        "Mini MobileNet",
        "Howard and others, 2017, small: each convolution is split into one that looks (a filter "
        "per map) and one that mixes (1×1), for a fraction of the multiplications.",
        network(
            Conv2d(filters=16, bias=False), BatchNorm2d(), relu(),
            *separable(16, 32, stride=2),
            *separable(32, 64, stride=2),
            *separable(64, 96),
            GlobalAvgPool(),
        ),
        Settings(epochs=4, batch_size=128, optimizer="adamw", learning_rate=0.01),
        history="Made at Google so that telephones could see. A 3×3 convolution from 64 to 96 "
        "maps needs 55,296 weights; a depthwise 3×3 with a 1×1 after it needs 6,720 and does "
        "nearly as well. On a desktop the saving in time is smaller than in multiplications, "
        "because memory, not arithmetic, is then what holds it up. Kept: the separable block "
        "with batch norm and ReLU twice, and global average pooling.",
        source="Howard and others, 2017, arXiv:1704.04861",
    ),
)  # fmt: skip

# The pooling twins differ in their pooling alone, the dropout twins in one switch alone; within
# each family the settings are the same, so that a difference in the result has one cause.
_POOLING_SETTINGS = Settings(epochs=3, batch_size=64, optimizer="adamw", learning_rate=0.002)
_DROPOUT_SETTINGS = Settings(epochs=8, batch_size=64, optimizer="adamw", learning_rate=0.002)
_POOLING_SOURCE = "Scherer, Müller and Behnke, 2010, ICANN, 92–101; Boureau and others, 2010, ICML"


def _pooling_twin(pooling: AnyLayer) -> Architecture:
    return network(
        Conv2d(filters=16, kernel_size=5), relu(), pooling,
        Conv2d(filters=32, kernel_size=5), relu(), pooling,
        Flatten(), Linear(units=64), relu(),
    )  # fmt: skip


def _dropout_twin(enabled: bool) -> Architecture:
    return network(
        Conv2d(filters=32), relu(), MaxPool2d(),
        Conv2d(filters=64), relu(), MaxPool2d(),
        Flatten(), Linear(units=256), relu(), Dropout(rate=0.5, enabled=enabled),
    )  # fmt: skip


TWINS: tuple[Preset, ...] = (
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
        "after it could simply be a quarter as large. In practice training starts from weights "
        "of the same size, and every sum makes the signal four times larger. Here that only "
        "hurries the first steps; in a deeper network it multiplies up until training breaks, "
        "which is why averages are what people use.",
        source=_POOLING_SOURCE,
    ),
    Preset(
        "twin-dropout",
        "Dropout twin: with",
        "One of two networks that differ in one switch. Here half of the 256 hidden units are "
        "silenced at random in every training step.",
        _dropout_twin(True),
        _DROPOUT_SETTINGS,
        history="Hinton said that the idea came to him at his bank, where the tellers kept "
        "changing: to defraud it they would have to conspire. Units that cannot count on one "
        "another learn features that are useful by themselves. Watch the gap between training "
        "and validation accuracy, here and in the twin without.",
        source="Srivastava and others, 2014, Journal of Machine Learning Research 15, 1929–1958",
    ),
    Preset(
        "twin-no-dropout",
        "Dropout twin: without",
        "One of two networks that differ in one switch. The dropout layer is there, but switched "
        "off.",
        _dropout_twin(False),
        _DROPOUT_SETTINGS,
        history="The same network with its dropout layer switched off: it learns the training "
        "images faster and more exactly, which is not the same as reading new ones better. "
        "Train it on the 5,000-digit sample to see the difference most clearly.",
        source="Srivastava and others, 2014, Journal of Machine Learning Research 15, 1929–1958",
    ),
)
