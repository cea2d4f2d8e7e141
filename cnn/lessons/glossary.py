"""The field's words in plain English, once, for every page. Papers are linked where they began."""

from __future__ import annotations

GLOSSARY: dict[str, str] = {
    "pixel": "One square of an image. Here a number from 0 (paper) to 255 (full ink); an MNIST "
    "digit has 28×28 = 784 of them.",
    "normalisation": "Bringing numbers into a small, common range before a network sees them: "
    "divided by 255, or less the mean and divided by the standard deviation of all training "
    "pixels.",
    "flatten": "Writing the rows of an image one behind the other, as one long list of numbers.",
    "convolution": "Sliding a small square of weights over an image, multiplying and adding up at "
    "each place. ([LeCun and others, 1998](http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf))",
    "filter": "The square of weights that a convolution slides over its input. Also: kernel.",
    "activation map": "What one filter makes of an image: one value for each place. Also: feature "
    "map.",
    "stride": "How many pixels the window moves at each step. Stride 2 halves the map's sides.",
    "padding": "Zeros laid around an image, so that the window fits at the border too.",
    "dilation": "The distance between a filter's weights: 2 sees a wider area with as many "
    "weights.",
    "pooling": "Replacing each small square of a map by one value: its largest, its mean or its "
    "sum.",
    "activation function": "A bend applied to every value, such as ReLU: without one, any number "
    "of layers could do no more than a single layer.",
    "softmax": "Turns scores into probabilities: e to the power of each, divided by their sum.",
    "fully connected layer": "Each output is a weighted sum of all inputs. Also: dense, linear.",
    "dropout": "Switching off random values while training, so that none is relied on alone. "
    "([Srivastava and others, 2014](https://jmlr.org/papers/v15/srivastava14a.html))",
    "weight": "A number that a value is multiplied by. Learning means changing the weights.",
    "loss": "How wrong an answer is, as one number: here the negative logarithm of the probability "
    "that was given to the right class.",
    "gradient": "How fast the loss would rise with each weight. Its opposite is the way downhill.",
    "back-propagation": "Computing the gradient layer by layer from the loss back to the input, by "
    "the chain rule. ([Rumelhart, Hinton and Williams, 1986]"
    "(https://www.nature.com/articles/323533a0))",
    "learning rate": "How large a step down the gradient each weight takes.",
    "epoch": "One pass over all training images.",
    "over-fitting": "Knowing the training images by heart and doing worse on new ones.",
    "augmentation": "Changing training images a little and at random, so that no two are the same.",
    "confusion matrix": "How often each digit was read as each other one: right answers stand on "
    "the diagonal.",
    "parameter": "A number that training sets: every weight and every bias.",
    "multiply-adds": "How often the network multiplies a value by a weight and adds it, for one "
    "image: what its answer costs.",
    "receptive field": "The square of the image that one value of a layer depends on.",
    "batch norm": "Brings each map to mean 0 and spread 1 over a batch of images, then scales and "
    "shifts it by two learned numbers. ([Ioffe and Szegedy, 2015]"
    "(https://arxiv.org/abs/1502.03167))",
    "batch": "The images that are shown together before the weights take one step.",
    "seed": "The number that random numbers start from: the same seed, the same run.",
    "logits": "The scores of the last layer, one for each class, before softmax.",
    "confidence": "The probability that a network gives to its own answer.",
    "accuracy": "The share of images that are read right.",
    "test set": "Images that are never trained on, kept for the last question: how good is it?",
    "validation images": "Training images held out to see, while it learns, how it does on "
    "new ones.",
    "calibration": "Whether a network that says 90% is right in 90 of 100 such cases. "
    "([Guo and others, 2017](https://arxiv.org/abs/1706.04599))",
    "attribution": "Which pixels an answer rests on, as a method computes it.",
    "sweep": "Many trainings that differ in chosen settings, to find the best.",
    "significance": "Whether a difference is larger than chance alone would often make.",
    "fine-tuning": "Training a trained network a little further on other images.",
}

# What each page is about beyond the words of its own sentence.
PAGE_TERMS: dict[str, tuple[str, ...]] = {
    "play": (
        *("parameter", "seed", "epoch", "learning rate", "loss", "accuracy", "validation images"),
        *("activation map", "pooling", "confusion matrix", "dropout", "over-fitting"),
    ),
    "design": (
        *("convolution", "filter", "stride", "padding", "pooling", "activation function"),
        *("batch norm", "dropout", "flatten", "fully connected layer", "parameter"),
        *("multiply-adds", "receptive field"),
    ),
    "train": (
        *("epoch", "batch", "learning rate", "loss", "accuracy", "validation images", "seed"),
        *("augmentation", "over-fitting", "filter"),
    ),
    "inspect": (
        *("activation map", "filter", "weight", "pooling", "activation function", "logits"),
        *("softmax", "receptive field", "attribution", "epoch"),
    ),
    "draw": (*("normalisation", "softmax", "confidence", "logits", "epoch", "fine-tuning"),),
    "evaluate": (
        *("accuracy", "test set", "confusion matrix", "confidence", "calibration", "loss"),
        *("over-fitting", "validation images", "parameter"),
    ),
    "compare": (
        *("accuracy", "test set", "significance", "seed", "sweep", "epoch", "loss", "parameter"),
    ),
}

# The forms in which a term stands in a sentence, in small letters, and as a field's name.
FORMS: dict[str, str] = {
    **{term: term for term in GLOSSARY},
    **{f"{term}s": term for term in GLOSSARY if term[-1] not in "ghnmsxy"},
    "standardised": "normalisation",
    "flattened": "flatten",
    "convolutions": "convolution",
    "convolutional": "convolution",
    "kernel": "filter",
    "kernels": "filter",
    "feature map": "activation map",
    "feature maps": "activation map",
    "activation": "activation function",
    "activations": "activation function",
    "losses": "loss",
    "overfitting": "over-fitting",
    "over-fit": "over-fitting",
    "confusion matrices": "confusion matrix",
    "conv2d": "convolution",
    "maxpool2d": "pooling",
    "avgpool2d": "pooling",
    "sumpool2d": "pooling",
    "linear": "fully connected layer",
    "batches": "batch",
    "multiply-add": "multiply-adds",
    "logit": "logits",
    "scores": "logits",
    "test images": "test set",
    "calibrated": "calibration",
    "sweeps": "sweep",
    "significant": "significance",
}
