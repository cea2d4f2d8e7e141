"""The tutorial's program line by line, in Keras and in PyTorch, and what a run of it has logged."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypedDict

from cnn import runs

Stage = Literal["load", "scale", "flatten", "model", "compile", "fit", "evaluate", "confusion"]


class Line(NamedTuple):
    """A line of code, and the stage of the program at which it runs."""

    stage: Stage
    code: str


class Epoch(TypedDict):
    """What is logged at an epoch's end: mean loss and accuracy of its training images."""

    loss: float
    accuracy: float


KERAS: tuple[Line, ...] = (
    Line("load", "import numpy as np"),
    Line("load", "import tensorflow as tf"),
    Line("load", "mnist = tf.keras.datasets.mnist.load_data()"),
    Line("load", "(x_train, y_train), (x_test, y_test) = mnist"),
    Line("scale", "x_train = x_train / 255"),
    Line("scale", "x_test = x_test / 255"),
    Line("flatten", "x_train = x_train.reshape(-1, 28 * 28)"),
    Line("flatten", "x_test = x_test.reshape(-1, 28 * 28)"),
    Line("model", "model = tf.keras.Sequential(["),
    Line("model", "    tf.keras.layers.Input((784,)),"),
    Line("model", '    tf.keras.layers.Dense(10, activation="sigmoid"),'),
    Line("model", "])"),
    Line("compile", 'model.compile(optimizer="adam",'),
    Line("compile", '    loss="sparse_categorical_crossentropy",'),
    Line("compile", '    metrics=["accuracy"])'),
    Line("fit", "model.fit(x_train, y_train, epochs=5)"),
    Line("evaluate", "model.evaluate(x_test, y_test)"),
    Line("confusion", "guesses = np.argmax(model.predict(x_test), axis=1)"),
    Line("confusion", "print(tf.math.confusion_matrix(y_test, guesses))"),
)
PYTORCH: tuple[Line, ...] = (
    Line("load", "import torch"),
    Line("load", "from torchvision.datasets import MNIST"),
    Line("load", 'train, test = MNIST("data", download=True), MNIST("data", False)'),
    Line("scale", "x_train, x_test = train.data / 255, test.data / 255"),
    Line("flatten", "x_train, x_test = x_train.flatten(1), x_test.flatten(1)"),
    Line("model", "model = torch.nn.Linear(784, 10)"),
    Line("compile", "optimizer = torch.optim.Adam(model.parameters(), eps=1e-7)"),
    Line("compile", "def loss_of(x, y):"),
    Line("compile", "    outputs = model(x).sigmoid()"),
    Line("compile", "    shares = outputs / outputs.sum(1, keepdim=True)"),
    Line("compile", "    return torch.nn.functional.nll_loss(shares.log(), y)"),
    Line("fit", "for epoch in range(5):"),
    Line("fit", "    for batch in torch.randperm(60_000).split(32):"),
    Line("fit", "        optimizer.zero_grad()"),
    Line("fit", "        loss_of(x_train[batch], train.targets[batch]).backward()"),
    Line("fit", "        optimizer.step()"),
    Line("evaluate", "guesses = model(x_test).argmax(1)"),
    Line("evaluate", "print((guesses == test.targets).float().mean())"),
    Line("confusion", "pairs = test.targets * 10 + guesses"),
    Line("confusion", "print(pairs.bincount(minlength=100).view(10, 10))"),
)


def logged(run: runs.Run) -> list[Epoch]:
    """A run's epochs, in their order."""
    found = (row for row in run.metrics() if row["kind"] == "epoch")
    return [{"loss": row["train_loss"], "accuracy": row["train_accuracy"]} for row in found]
