"""Named networks, each with the training settings that suit it.

A preset is data: the Design page, the command line and the tests read this one table.
"""

from __future__ import annotations

from cnn.network.layers import (
    Activation,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    Linear,
    MaxPool2d,
    ResidualBlock,
)
from cnn.presets.classics import CLASSICS, TWINS
from cnn.presets.preset import Preset, conv_block, network, relu
from cnn.training import Settings

PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "compact",
            "Compact CNN",
            "Three blocks of convolution, batch norm, ReLU and max-pooling. Learns MNIST to 99 % "
            "in one pass over the data: the place to start.",
            network(*conv_block(24), *conv_block(48), *conv_block(96), Flatten()),
            Settings(
                epochs=3, batch_size=128, optimizer="adamw", learning_rate=0.01, handwriting=0.5
            ),
            history="Made for this playground from three ideas that came after LeNet: rectified "
            "units (Nair and Hinton, 2010), batch normalisation (Ioffe and Szegedy, 2015) "
            "and one large learning-rate swing over the whole training (Smith and Topin, "
            "2017). None of them is needed to read digits; each makes learning it faster.",
            source="Ioffe and Szegedy, 2015, arXiv:1502.03167; Smith and Topin, 2017, "
            "arXiv:1708.07120",
        ),
        Preset(
            "strong",
            "Strong CNN",
            "Compact CNN grown up: wider, two convolutions more, dropout, gently moved training "
            "images and softened labels. It trains on every image and takes its time.",
            network(
                *conv_block(32),
                Conv2d(filters=64, bias=False), BatchNorm2d(), relu(), *conv_block(64),
                Conv2d(filters=128, bias=False), BatchNorm2d(), relu(), *conv_block(128),
                Flatten(), Dropout(rate=0.3),
            ),
            Settings(
                epochs=15, batch_size=128, optimizer="adamw", learning_rate=0.01,
                label_smoothing=0.05, shift=1.5, rotation=10, scale=10, shear=6,
                validation_images=0,
            ),
            history="Most of what makes a good digit reader better still is not in the layers. "
            "Simard and colleagues showed in 2003 that images moved, turned and stretched at "
            "random teach more than any change of the network; softened labels came with the "
            "Inception networks of 2015, dropout from Toronto in 2014. This preset takes them "
            "all, and holds no image back to judge by.",
            source="Simard, Steinkraus and Platt, 2003, ICDAR; Szegedy and others, 2015, "
            "arXiv:1512.00567",
        ),
        Preset(
            "tutorial",
            "Tutorial: one dense layer",
            "No convolution at all: 784 pixels, straight to ten sigmoid outputs. Its 92.6 % is "
            "what every other network here has to beat.",
            network(Flatten(), output="sigmoid"),
            Settings(
                epochs=5, batch_size=32, optimizer="adam", learning_rate=0.001,
                schedule="constant", weight_decay=0.0, normalisation="0-1", validation_images=0,
            ),
            history="The oldest idea of all: Rosenblatt's perceptron of 1958 also weighed every "
            "pixel once for every class. Such a network can only learn one soft template "
            "per digit; in the comparison of 1998 the one-layer network had 12 % errors "
            "where LeNet-5 had 1 %. Many first tutorials still begin here, some with a "
            "sigmoid for each class, as this one.",
            source="Rosenblatt, 1958, Psychological Review 65(6); LeCun and others, 1998, "
            "Proceedings of the IEEE 86(11)",
        ),
        Preset(
            "lenet5",
            "LeNet-5",
            "LeCun, Bottou, Bengio and Haffner, 1998: tanh and average pooling, two convolutions "
            "and two fully connected layers. It read cheques for American banks. (Softmax stands "
            "in for the original's radial basis outputs.)",
            network(
                Conv2d(filters=6, kernel_size=5), Activation(function="tanh"), AvgPool2d(),
                Conv2d(filters=16, kernel_size=5, padding="valid"), Activation(function="tanh"),
                AvgPool2d(), Flatten(),
                Linear(units=120), Activation(function="tanh"),
                Linear(units=84), Activation(function="tanh"),
            ),
            Settings(
                epochs=5, batch_size=64, optimizer="adamw", learning_rate=0.003,
                schedule="cosine",
            ),
            history="Published in 1998 after ten years of work at Bell Labs, and read millions of "
            "American cheques a day. Kept here: the five-by-five kernels, 6 and 16 maps, "
            "120 and 84 units, tanh, average pooling. Not kept: sub-sampling had a "
            "trainable gain and bias per map, each of the 16 maps saw only some of the 6, "
            "tanh was stretched, and the outputs were distances to drawn prototypes (radial "
            "basis functions), for which softmax stands in.",
            source="LeCun, Bottou, Bengio and Haffner, 1998, Gradient-based learning applied to "
            "document recognition, Proceedings of the IEEE 86(11)",
        ),
        Preset(
            "classic",
            "Classic MNIST CNN",
            "The network of PyTorch's own MNIST example: two convolutions, one pooling, dropout "
            "and a wide fully connected layer that holds 98 % of its 1.2 million parameters.",
            network(
                Conv2d(filters=32, padding="valid"), relu(),
                Conv2d(filters=64, padding="valid"), relu(),
                MaxPool2d(), Dropout(rate=0.25), Flatten(),
                Linear(units=128), relu(), Dropout(rate=0.5),
            ),
            Settings(
                epochs=3, batch_size=64, optimizer="adamw", learning_rate=0.002,
                schedule="one-cycle",
            ),
            history="The first network that most people train with PyTorch: it comes from the "
            "library's own examples, where it runs for 14 epochs under Adadelta and reaches "
            "99 %. Its shape, two convolutions, one pooling and a wide Linear layer under "
            "dropout, is that of Krizhevsky's AlexNet of 2012 in small.",
            source="github.com/pytorch/examples, mnist/main.py; Krizhevsky and others, 2012, "
            "NeurIPS 25",
        ),
        Preset(
            "mini-vgg",
            "Mini VGG",
            "Simonyan and Zisserman's idea of 2014, small: only 3×3 convolutions, two between "
            "poolings, twice the filters after each.",
            network(
                Conv2d(filters=32, bias=False), BatchNorm2d(), relu(),
                Conv2d(filters=32, bias=False), BatchNorm2d(), relu(), MaxPool2d(),
                Conv2d(filters=64, bias=False), BatchNorm2d(), relu(),
                Conv2d(filters=64, bias=False), BatchNorm2d(), relu(), MaxPool2d(),
                Flatten(), Linear(units=128), relu(), Dropout(rate=0.3),
            ),
            Settings(epochs=3, batch_size=128, optimizer="adamw", learning_rate=0.005),
            history="In 2014 the Visual Geometry Group of Oxford showed that depth alone "
            "goes a long way: two 3×3 convolutions see as far as one of 5×5, with fewer "
            "weights and one more non-linearity. Their networks had 11 to 19 layers and 140 "
            "million parameters; the batch norm here came a year later.",
            source="Simonyan and Zisserman, 2014, arXiv:1409.1556",
        ),
        Preset(
            "mini-resnet",
            "Mini ResNet",
            "He, Zhang, Ren and Sun, 2015, small: three residual blocks, whose shortcut lets "
            "gradients through, and global average pooling in place of wide Linear layers.",
            network(
                Conv2d(filters=16, bias=False), BatchNorm2d(), relu(),
                ResidualBlock(filters=16),
                ResidualBlock(filters=32, stride=2),
                ResidualBlock(filters=64, stride=2),
                GlobalAvgPool(),
            ),
            Settings(epochs=3, batch_size=128, optimizer="adamw", learning_rate=0.01),
            history="Deeper networks should never be worse, yet in 2015 they were: the gradient "
            "got lost on the way. He and colleagues let every block add to its input instead of "
            "replacing it, trained 152 layers and won that year's ImageNet contest. Nearly "
            "every network since, transformers too, has such shortcuts.",
            source="He, Zhang, Ren and Sun, 2015, arXiv:1512.03385",
        ),
        *CLASSICS,
        *TWINS,
    )
}  # fmt: skip
DEFAULT_PRESET = "compact"
