"""All presets: named networks, each with the training settings that suit it.

A preset is data: the Design page, the command line and the tests read this one table.
"""

from __future__ import annotations

from cnn.network.layers import Dropout, Flatten
from cnn.presets.blocks import conv_norm_relu, conv_pool, network
from cnn.presets.classics import CLASSICS
from cnn.presets.preset import Preset
from cnn.presets.twins import TWINS
from cnn.training import Settings

MADE_HERE = (
    Preset(
        "compact",
        "Compact CNN",
        "Three blocks of convolution, batch norm, ReLU and max-pooling. Learns MNIST to 99% in "
        "one pass over the data: the place to start.",
        network(*conv_pool(24), *conv_pool(48), *conv_pool(96), Flatten()),
        Settings(epochs=3, batch_size=128, optimizer="adamw", learning_rate=0.01, handwriting=0.5),
        history="Made for this playground from three ideas that came after LeNet: rectified units "
        "(Nair and Hinton, 2010), batch normalisation (Ioffe and Szegedy, 2015) and one large "
        "learning-rate swing over the whole training (Smith and Topin, 2017). None of them is "
        "needed to read digits; each makes learning it faster.",
        source="Ioffe and Szegedy, 2015, arXiv:1502.03167; Smith and Topin, 2017, arXiv:1708.07120",
    ),
    Preset(
        "strong",
        "Strong CNN",
        "Compact CNN grown up: wider, two convolutions more, dropout, gently moved training "
        "images and softened labels. It trains on every image and takes its time.",
        network(
            *conv_pool(32),
            *conv_norm_relu(64),
            *conv_pool(64),
            *conv_norm_relu(128),
            *conv_pool(128),
            Flatten(),
            Dropout(rate=0.3),
        ),
        Settings(
            epochs=15,
            batch_size=128,
            optimizer="adamw",
            learning_rate=0.01,
            label_smoothing=0.05,
            shift=1.5,
            rotation=10,
            scale=10,
            shear=6,
            validation_images=0,
        ),
        history="Most of what makes a good digit reader better still is not in the layers. Simard "
        "and colleagues showed in 2003 that images moved, turned and stretched at random teach "
        "more than any change of the network; softened labels came with the Inception networks of "
        "2015, dropout from Toronto in 2014. This preset takes them all, and holds out no images "
        "for validation.",
        source="Simard, Steinkraus and Platt, 2003, ICDAR; Szegedy and others, 2015, "
        "arXiv:1512.00567",
    ),
)
PRESETS: dict[str, Preset] = {preset.name: preset for preset in (*MADE_HERE, *CLASSICS, *TWINS)}
DEFAULT_PRESET = "compact"
