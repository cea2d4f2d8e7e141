"""The lessons in the tutorial's order. A lesson's numbers are computed, never written here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cnn.lessons.filters import FILTERS
from cnn.lessons.history import HISTORY
from cnn.lessons.state import Field, Number, Numbers, OneOf


@dataclass(frozen=True)
class Question:
    """Asked before the answer is shown: `right` is the index of the right choice."""

    text: str
    choices: tuple[str, ...]
    right: int
    reveal: str


@dataclass(frozen=True)
class Carry:
    """A button that takes what was made elsewhere: `way` names what it does (`ui.learn.carry`),
    `parts` those parts of the lesson that it belongs to (none: all)."""

    way: str
    label: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lesson:
    """One lesson: `words` come before what is to be touched, two sentences at most; `fields` is
    what can be moved in it, and stands in its link; `terms` are the words of the glossary it is
    about."""

    id: str
    title: str
    icon: str
    words: str
    question: Question
    carry: tuple[Carry, ...]
    terms: tuple[str, ...]
    fields: Mapping[str, Field] = field(default_factory=dict)


_DIGIT = Number(0, 9, 7, whole=True)
_SHIFTS = {"down": Number(-8, 8, 0, whole=True), "right": Number(-8, 8, 0, whole=True)}
_KERNEL = tuple(float(v) for v in FILTERS[0].weights.flat)

LESSONS: tuple[Lesson, ...] = (
    Lesson(
        "pixels",
        "From pixels to numbers",
        ":material/apps:",
        "To the machine a digit is 28×28 numbers and nothing else. Point at a pixel to see it as a "
        "number, or move the digit and watch what two networks read.",
        Question(
            "The 7 moves four pixels to the side. Which network still reads it?",
            (
                "Both: it is the same digit",
                "The one with a weight for each pixel",
                "The convolutional one",
            ),
            2,
            "The one layer has learned which of 784 places are inked in a 7. Move the digit, and "
            "its ink meets the weights of other places. A convolution slides the same small "
            "filters over all places, and pooling forgives what is left: it holds longer.",
        ),
        (Carry("look_inside", "Look inside with this digit"),),
        ("pixel", "normalisation", "flatten"),
        {
            "picture": _DIGIT,
            **_SHIFTS,
            "range": OneOf(("bytes", "share", "standard")),
        },
    ),
    Lesson(
        "convolution",
        "Convolution",
        ":material/grid_on:",
        "A filter is a small square of weights that slides over the image: at each place it "
        "multiplies what it sees by its weights and adds up the products. Change a weight, or "
        "point at any value of the result to see its sum.",
        Question(
            "The weights are −1 in the upper row, 0 in the middle, +1 below. What comes out where "
            "all nine pixels are equally bright?",
            ("A large number", "Zero", "It depends on how bright they are"),
            1,
            "The three −1 take away what the three +1 add, however bright the area is. The filter "
            "answers only where above and below differ: at an edge. Point at the black beside the "
            "digit, and at an edge.",
        ),
        (
            Carry("train_filter", "Train from these weights"),
            Carry("own_filter", "Try them in a trained network"),
            Carry("build_layer", "Build this layer on Design"),
            Carry("see_layer", "See trained filters"),
        ),
        ("convolution", "filter", "activation map", "stride", "padding", "dilation"),
        {
            "picture": Number(-1, 9, 7, whole=True),
            "kernel": Numbers(_KERNEL, (9, 25), -99, 99),
            "stride": Number(1, 3, 1, whole=True),
            "padding": Number(0, 2, 0, whole=True),
            "dilation": Number(1, 3, 1, whole=True),
            "second": OneOf(("none", *(one.name for one in FILTERS if one.name != "wide"))),
            "bias": Number(0, 6, 2.1),
        },
    ),
    Lesson(
        "pooling",
        "Pooling",
        ":material/compress:",
        "Pooling replaces each small square of a map by one number. Point at a square to see "
        "which, then move the digit by a pixel and see what stays.",
        Question(
            "The digit moves one pixel to the right. How much of the pooled maps stays as it was?",
            (
                "As much as of the map itself",
                "More than of the map itself",
                "Nothing: every value is another",
            ),
            1,
            "Where a value moves within its square, the square's largest value and its sum are the "
            "same as before; only what crosses a border counts. The next layer sees less of the "
            "move, and after three poolings hardly any: that is why a shifted pixel is forgiven.",
        ),
        (
            Carry("pool_max", "Play with the maximum"),
            Carry("pool_avg", "Play with the average"),
            Carry("pool_sum", "Play with the sum"),
        ),
        ("pooling", "activation map"),
        {
            "picture": _DIGIT,
            "down": Number(-4, 4, 0, whole=True),
            "right": Number(-4, 4, 0, whole=True),
            "size": Number(2, 4, 2, whole=True),
            "scale": OneOf(("each", "one")),
        },
    ),
    Lesson(
        "activations",
        "Activations and softmax",
        ":material/show_chart:",
        "After each layer every value passes through an activation function, a line with a bend; "
        "at the end softmax turns scores into probabilities. Move the input, then choose *None*.",
        Question(
            "Two layers without an activation function between them: what can they do that one "
            "cannot?",
            ("Twice as much", "A little more", "Nothing"),
            2,
            "A weighted sum of weighted sums is a weighted sum: the two matrices multiply into "
            "one. Choose *Two layers* and *None*: both lines are the same. Only the "
            "activation function makes depth worth having.",
        ),
        (
            Carry("bend", "Play with this function", ("curve", "two", "deep")),
            Carry("draw", "Draw, and see ten probabilities", ("softmax",)),
        ),
        ("activation function", "softmax", "gradient"),
        {
            "part": OneOf(("curve", "two", "deep", "softmax")),
            "bend": OneOf(("relu", "none", "leaky_relu", "gelu", "tanh", "sigmoid")),
            "input": Number(-4, 4, 1),
            "weights": Numbers((1.0, 1.0, -1.5), (3,), -2, 2),
            "seed": Number(1, 999, 1, whole=True),
            "temperature": Number(0.1, 5, 1),
            "scores": Numbers((0, 1, 2, 1, 0, 1, -1, 5, 3, 2), (10,), -5, 10),
        },
    ),
    Lesson(
        "dense",
        "Fully connected layer and dropout",
        ":material/hub:",
        "A fully connected layer gives each digit a weight for every input, multiplies and adds "
        "up: the highest of ten sums wins. Train it with the slider, choose a digit to see its "
        "weights, or draw one that fools it.",
        Question(
            "What do the 784 weights of the 0 look like after training?",
            (
                "Noise: nobody can read them",
                "A ring of positive weights, negative in the middle",
                "Like one particular 0 of the training images",
            ),
            1,
            "Ink on the ring speaks for a 0, ink in the middle against it: the weights are what "
            "tells zeros from all other digits, averaged over all of them. Move *Trained for* to "
            "five epochs, and watch it form.",
        ),
        (
            Carry("one_layer", "Look inside this network", ("weights",)),
            Carry("dropout", "Play with this dropout", ("dropout",)),
        ),
        ("fully connected layer", "weight", "dropout"),
        {
            "part": OneOf(("weights", "dropout")),
            "picture": Number(0, 9, 0, whole=True),  # the digit that the question is about
            "digit": Number(0, 9, 0, whole=True),
            "epoch": Number(0, 5, 0, whole=True),  # trained, it would answer the question
            "rate": Number(0, 0.8, 0.5),
        },
    ),
    Lesson(
        "learning",
        "Learning",
        ":material/trending_down:",
        "This network tells horizontal strokes from vertical ones, and is so small that every "
        "number is here. Press *Step* and follow one image forwards to the loss, and its "
        "gradient back to each weight.",
        Question(
            "The learning rate is ten times too large. What does the loss do?",
            (
                "It falls ten times as fast",
                "It jumps about, or the network dies",
                "Nothing: the gradient decides",
            ),
            1,
            "The gradient says which way is downhill here, and nothing about the far side of the "
            "valley: too large a step lands higher up on the other side. Here it often kills the "
            "network: once every ReLU is at 0, no gradient comes back. Too small a rate is safe "
            "and takes for ever. Try 2, then 0.005, then 0.2.",
        ),
        (
            Carry("train_rate", "Train with this rate"),
            Carry("play_rate", "Play with this rate"),
        ),
        ("weight", "loss", "gradient", "back-propagation", "learning rate", "epoch"),
        {
            "part": OneOf(("network", "surface")),
            "rate": OneOf(("0.2", "0.005", "2")),
            "seed": Number(1, 999, 1, whole=True),
            "step": Number(0.001, 1.5, 0.4),
            "momentum": OneOf(("on", "off")),
            "adam": OneOf(("on", "off")),
        },
    ),
    Lesson(
        "program",
        "The program",
        ":material/terminal:",
        "These are the tutorial's lines; press *Run*, and each lights up as it runs. The log, the "
        "weights and the test result are those of the run that comes with the app.",
        Question(
            "After the first of five epochs, how many of 100 training images did it read right?",
            ("About 30", "About 60", "About 90"),
            2,
            "Most is learned in the first pass: 60,000 images in batches of 32 are 1,875 steps. "
            "The four epochs after it add a few points, and no more epochs would help: a weight "
            "for each pixel is all that this network has.",
        ),
        (Carry("train_tutorial", "Train it myself"),),
        ("epoch", "loss", "confusion matrix"),
        {"language": OneOf(("keras", "torch"))},
    ),
    Lesson(
        "overfitting",
        "Over-fitting",
        ":material/psychology_alt:",
        "Two equal networks learn from the same few images: the right one with dropout, its images "
        "shifted a little each time. Press *Train both* and watch training images and new ones.",
        Question(
            "A network of 50,000 weights learns from 200 images. What happens?",
            (
                "It reads training images and new ones equally well",
                "It learns the 200 by heart and does worse on new ones",
                "It cannot learn from so few",
            ),
            1,
            "There are weights enough to fit every one of the 200, its accidents included. Dropout "
            "and shifted copies make learning by heart harder, so that what is left to learn is "
            "the digit itself. The best remedy is more images.",
        ),
        (
            Carry("train_overfitting", "Train such a network"),
            Carry("play_overfitting", "Play with such a network"),
        ),
        ("over-fitting", "dropout", "augmentation"),
        {
            "images": Number(50, 400, 200, whole=True),
            "rate": Number(0, 0.8, 0.3),
            "shift": Number(0, 3, 2, whole=True),
        },
    ),
    Lesson(
        "objects",
        "From edges to objects",
        ":material/category:",
        "These are the activation maps of a trained network on your image; the frame is the part "
        "of it that one value sees. Choose a layer and a map, and see what excites it most.",
        Question(
            "Which layer's values see the largest part of the image?",
            ("The first", "The last", "All see the same"),
            1,
            "Each layer looks at a small window of the layer before, and pooling packs that one "
            "closer: so the windows add up. Edges make corners, corners make loops and crossings, "
            "and from those the digit is read. Nobody told it to.",
        ),
        (Carry("look_at_map", "Look inside with this digit"),),
        ("activation map", "pooling", "filter"),
        {
            "picture": _DIGIT,
            "layer": OneOf(("1", "2", "3")),
            "map": Number(0, 95, 0, whole=True),
        },
    ),
    Lesson(
        "limits",
        "Limits, costs, history",
        ":material/warning:",
        "A network answers whatever it is given, and knows only what it was trained on. Give it "
        "something else, and watch how sure it is.",
        Question(
            "You draw a star. What does the network answer?",
            ("That it is no digit", "A digit", "Nothing"),
            1,
            "It has ten outputs and no eleventh: softmax shares out 100% among ten digits. The "
            "Draw page asks a second, separate question first: is this a digit at all?",
        ),
        (
            Carry("look_inside", "Look inside with this image", ("limits",)),
            Carry("compare", "Compare your own runs", ("costs",)),
            Carry("open_preset", "Open it on Design", ("history",)),
        ),
        ("softmax", "gradient", "normalisation"),
        {
            "part": OneOf(("limits", "costs", "history")),
            "what": OneOf(("turned", "inverted", "noise", "nudge", "star", "letter")),
            "picture": _DIGIT,
            "amount": Number(0, 1, 0.5),
            "against": OneOf(("parameters", "multiply_adds")),
            "preset": OneOf(tuple(name for _, name in HISTORY)),
        },
    ),
)
BY_ID: dict[str, Lesson] = {lesson.id: lesson for lesson in LESSONS}
