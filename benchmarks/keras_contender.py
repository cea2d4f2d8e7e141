"""Keras' `fit` of the presets, in an environment of its own: Keras and TensorFlow are no part of
what this project needs, and are installed only when `--keras` asks for them.

The same file is both sides: imported, it talks to a process; run, it is that process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.contender import Contender

ENVIRONMENT = Path.home() / ".cache" / "cnn-playground-keras"


def start() -> Contender:
    """The process that trains presets with Keras; makes its environment where there is none."""
    from benchmarks.contender import Contender  # not in the process itself, which has no cnn

    python = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / "ready").is_file():
        print(f"Installing Keras and TensorFlow into {ENVIRONMENT}", file=sys.stderr)
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        subprocess.run(
            [python, "-m", "pip", "install", "-q", "keras>=3", "tensorflow>=2.16"], check=True
        )
        (ENVIRONMENT / "ready").touch()
    return Contender(python, __file__, KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")


def build(keras, preset: str):
    """The preset's network as Keras people write it."""
    layers = keras.layers
    conv, pool, dense = layers.Conv2D, layers.MaxPooling2D, layers.Dense

    def block(filters: int) -> list:
        normed = [conv(filters, 3, padding="same", use_bias=False), layers.BatchNormalization()]
        return [*normed, layers.ReLU(), pool(2)]

    def tutorial() -> list:
        return [layers.Flatten(), dense(10, activation="sigmoid")]

    def lenet5() -> list:
        return [
            conv(6, 5, padding="same", activation="tanh"),
            layers.AveragePooling2D(2),
            conv(16, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            dense(120, activation="tanh"),
            dense(84, activation="tanh"),
            dense(10, activation="softmax"),
        ]

    def compact() -> list:
        blocks = [*block(24), *block(48), *block(96)]
        return [*blocks, layers.Flatten(), dense(10, activation="softmax")]

    def classic() -> list:
        return [
            *(conv(32, 3, activation="relu"), conv(64, 3, activation="relu"), pool(2)),
            *(layers.Dropout(0.25), layers.Flatten(), dense(128, activation="relu")),
            *(layers.Dropout(0.5), dense(10, activation="softmax")),
        ]

    stacks = {"tutorial": tutorial, "lenet5": lenet5, "compact": compact, "classic": classic}
    return keras.Sequential([keras.Input((28, 28, 1)), *stacks[preset]()])


def serve() -> None:
    """Answer questions from standard input. Speed does not depend on pixels: noise serves."""
    import time

    import keras
    import numpy as np

    x = np.random.default_rng(0).random((60_000, 28, 28, 1), np.float32)
    y = np.random.default_rng(1).integers(0, 10, 60_000)
    ready: dict = {}
    for line in sys.stdin:
        question = json.loads(line)
        preset, batch, seconds = question["preset"], question["batch_size"], question["seconds"]
        if (preset, batch) not in ready:
            model = build(keras, preset)
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x[: 20 * batch], y[: 20 * batch], batch, verbose=0)
            began = time.perf_counter()
            model.fit(x[: 40 * batch], y[: 40 * batch], batch, verbose=0)
            ready[preset, batch] = model, 40 * batch / (time.perf_counter() - began)
        model, speed = ready[preset, batch]
        count = min(len(x), max(1, int(speed * seconds) // batch) * batch)
        began = time.perf_counter()
        model.fit(x[:count], y[:count], batch, verbose=0)
        speed = count / (time.perf_counter() - began)
        ready[preset, batch] = model, speed
        print(speed, flush=True)


if __name__ == "__main__":
    serve()
