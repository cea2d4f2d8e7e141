"""Presets: networks that made history, most of them smaller than the original."""

from __future__ import annotations

from cnn.network.layers import (
    Activation,
    AvgPool2d,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    Linear,
    MaxPool2d,
    ResidualBlock,
)
from cnn.presets.blocks import (
    conv_norm_relu,
    conv_pool,
    conv_relu,
    linear_relu,
    mlp_conv,
    network,
    s_and_c,
    separable,
)
from cnn.presets.preset import Preset
from cnn.training import Settings

tanh = Activation(function="tanh")

CLASSICS = (
    Preset(
        "tutorial",
        "Tutorial: one dense layer",
        "No convolution at all: 784 pixels, straight to ten sigmoid outputs. Its 92.6% is what "
        "every other network here has to beat.",
        network(Flatten(), output="sigmoid"),
        Settings(
            epochs=5,
            batch_size=32,
            optimizer="adam",
            learning_rate=0.001,
            schedule="constant",
            weight_decay=0.0,
            normalisation="0-1",
            validation_images=0,
        ),
        history="The oldest idea of all: Rosenblatt's perceptron of 1958 also weighed every pixel "
        "once for every class. Such a network can only learn one soft template per digit; in the "
        "comparison of 1998 the one-layer network had 12% errors where LeNet-5 had 1%. Many "
        "first tutorials still begin here, some with a sigmoid for each class, as this one.",
        source="Rosenblatt, 1958, Psychological Review 65(6); LeCun and others, 1998, Proceedings "
        "of the IEEE 86(11)",
    ),
    Preset(
        "lenet5",
        "LeNet-5",
        "LeCun, Bottou, Bengio and Haffner, 1998: tanh and average pooling, two convolutions and "
        "two fully connected layers. It read cheques for American banks. (Softmax stands in for "
        "the original's radial basis outputs.)",
        network(
            Conv2d(filters=6, kernel_size=5),
            tanh,
            AvgPool2d(),
            Conv2d(filters=16, kernel_size=5, padding="valid"),
            tanh,
            AvgPool2d(),
            Flatten(),
            Linear(units=120),
            tanh,
            Linear(units=84),
            tanh,
        ),
        Settings(
            epochs=5, batch_size=64, optimizer="adamw", learning_rate=0.003, schedule="cosine"
        ),
        history="Published in 1998 after ten years of work at Bell Labs, and read millions of "
        "American cheques a day. Kept here: the five-by-five kernels, 6 and 16 maps, 120 and 84 "
        "units, tanh, average pooling. Not kept: sub-sampling had a trainable gain and bias per "
        "map, each of the 16 maps saw only some of the 6, tanh was stretched, and the outputs "
        "were distances to drawn prototypes (radial basis functions), for which softmax stands in.",
        source="LeCun, Bottou, Bengio and Haffner, 1998, Gradient-based learning applied to "
        "document recognition, Proceedings of the IEEE 86(11)",
    ),
    Preset(
        "classic",
        "Classic MNIST CNN",
        "The network of PyTorch's own MNIST example: two convolutions, one pooling, dropout and a "
        "wide fully connected layer that holds 98% of its 1.2 million parameters.",
        network(
            *conv_relu(32, padding="valid"),
            *conv_relu(64, padding="valid"),
            MaxPool2d(),
            Dropout(rate=0.25),
            Flatten(),
            *linear_relu(128),
            Dropout(rate=0.5),
        ),
        Settings(epochs=3, batch_size=64, optimizer="adamw", learning_rate=0.002),
        history="The first network that most people train with PyTorch: it comes from the "
        "library's own examples, where it runs for 14 epochs under Adadelta and reaches 99%. Its "
        "shape, two convolutions, one pooling and a wide Linear layer under dropout, is that of "
        "Krizhevsky's AlexNet of 2012 in small.",
        source="github.com/pytorch/examples, mnist/main.py; Krizhevsky and others, 2012, NeurIPS "
        "25",
    ),
    Preset(
        "mini-vgg",
        "Mini VGG",
        "Simonyan and Zisserman's idea of 2014, small: only 3×3 convolutions, two between "
        "poolings, twice the filters after each.",
        network(
            *conv_norm_relu(32),
            *conv_pool(32),
            *conv_norm_relu(64),
            *conv_pool(64),
            Flatten(),
            *linear_relu(128),
            Dropout(rate=0.3),
        ),
        Settings(epochs=3, batch_size=128, optimizer="adamw", learning_rate=0.005),
        history="In 2014 the Visual Geometry Group of Oxford showed that depth alone goes a long "
        "way: two 3×3 convolutions see as far as one of 5×5, with fewer weights and one more "
        "non-linearity. Their networks had 11 to 19 layers and 140 million parameters; the batch "
        "norm here came a year later.",
        source="Simonyan and Zisserman, 2014, arXiv:1409.1556",
    ),
    Preset(
        "mini-resnet",
        "Mini ResNet",
        "He, Zhang, Ren and Sun, 2015, small: three residual blocks, whose shortcut lets "
        "gradients through, and global average pooling in place of wide Linear layers.",
        network(
            *conv_norm_relu(16),
            ResidualBlock(filters=16),
            ResidualBlock(filters=32, stride=2),
            ResidualBlock(filters=64, stride=2),
            GlobalAvgPool(),
        ),
        Settings(epochs=3, batch_size=128, optimizer="adamw", learning_rate=0.01),
        history="Deeper networks should never be worse, yet in 2015 they were: the gradient got "
        "lost on the way. He and colleagues let every block add to its input instead of replacing "
        "it, trained 152 layers and won that year's ImageNet contest. Nearly every network since, "
        "transformers too, has such shortcuts.",
        source="He, Zhang, Ren and Sun, 2015, arXiv:1512.03385",
    ),
    Preset(
        "neocognitron",
        "Neocognitron, in spirit",
        "Fukushima, 1980: layers of S cells that find features alternate with layers of C cells "
        "that blur where they were found. The ancestor of every network here.",
        network(*s_and_c(12), *s_and_c(24), *s_and_c(48), Flatten()),
        Settings(epochs=3, batch_size=64, optimizer="adamw", learning_rate=0.005),
        history="Fukushima modelled what Hubel and Wiesel had found in the cat's visual cortex: "
        "simple cells that answer to an edge at one place, complex cells that answer to it "
        "anywhere near. Kept here: three pairs of S and C layers, shared weights, rectified units "
        "(his, of 1969), overlapping averages as C cells. Not kept: his network learned by "
        "itself, without labels and without back-propagation, and its cells also inhibited each "
        "other; this one is trained like all others here.",
        source="Fukushima, 1980, Biological Cybernetics 36, 193–202",
    ),
    Preset(
        "nin",
        "Network in Network",
        "Lin, Chen and Yan, 2013: after each convolution a 1×1 convolution mixes the maps at "
        "every place, and the mean of each map replaces the wide Linear layers.",
        network(
            *mlp_conv(32, 5),
            MaxPool2d(),
            Dropout(rate=0.2),
            *mlp_conv(64, 3),
            MaxPool2d(),
            Dropout(rate=0.2),
            *mlp_conv(64, 3),
            GlobalAvgPool(),
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
            *conv_norm_relu(16),
            *separable(16, 32, stride=2),
            *separable(32, 64, stride=2),
            *separable(64, 96),
            GlobalAvgPool(),
        ),
        Settings(epochs=4, batch_size=128, optimizer="adamw", learning_rate=0.01),
        history="Made at Google so that telephones could see. A 3×3 convolution from 64 to 96 "
        "maps needs 55,296 weights; a depthwise 3×3 with a 1×1 after it needs 6,720 and does "
        "nearly as well. On a desktop the saving in time is smaller than in multiplications, "
        "because memory, not arithmetic, is then what holds it up. Kept: the separable block with "
        "batch norm and ReLU twice, and global average pooling.",
        source="Howard and others, 2017, arXiv:1704.04861",
    ),
)
