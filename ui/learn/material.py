"""What each lesson's toy is handed: images, weights, lists. Lessons that need more images than the
examples bring wait for PyTorch, which reads the bundled sample."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from cnn import datasets, runs
from cnn.lessons import program
from cnn.lessons.filters import FILTERS
from cnn.lessons.history import HISTORY, costs, nearest_mean
from cnn.lessons.material import (
    COMPACT,
    TUTORIAL,
    MaterialError,
    digits,
    example,
    network,
    packed_images,
)
from cnn.presets import PRESETS
from ui.shared import loading

CONFUSED, LEARNED, NEW = 500, 400, 300  # images of the sample that are shown

Material = dict[str, object]


def _digits() -> Material:
    return {"digits": packed_images(digits())}


def _convolution() -> Material:
    filters = [
        {"name": f.name, "label": f.label, "about": f.about, "weights": f.weights.ravel().tolist()}
        for f in FILTERS
    ]
    return {**_digits(), "filters": filters}


def _asked(name: str, epoch: int | None = None) -> Material:
    """A network with the numbers its images are normalised by."""
    config = example(name).config
    return {"layers": network(name, epoch), "mean": config.mean, "std": config.std}


def _both() -> Material:
    return {**_digits(), "tutorial": _asked(TUTORIAL), "compact": _asked(COMPACT)}


def _dense() -> Material:
    return {**_digits(), "epochs": _tutorial_epochs(), "compact": _asked(COMPACT)}


def _tutorial_epochs() -> list[Material]:
    """The one-layer network with each epoch's weights, random ones first."""
    return [_asked(TUTORIAL, epoch) for epoch in example(TUTORIAL).checkpoints()]


def _program() -> Material:
    run, sample = example(TUTORIAL), _sample()
    return {
        "epochs": _tutorial_epochs(),
        "logged": program.logged(run),
        "test": run.status().get("test_accuracy"),
        "programs": {"keras": program.KERAS, "torch": program.PYTORCH},
        "images": packed_images(sample.test_images[:CONFUSED].numpy()),
        "labels": sample.test_labels[:CONFUSED].tolist(),
    }


def _overfitting() -> Material:
    sample = _sample()
    return {
        "train": packed_images(sample.train_images[:LEARNED].numpy()),
        "train_labels": sample.train_labels[:LEARNED].tolist(),
        "test": packed_images(sample.test_images[:NEW].numpy()),
        "test_labels": sample.test_labels[:NEW].tolist(),
    }


def _limits() -> Material:
    means, accuracy = _baseline()
    presets = [(year, PRESETS[name]) for year, name in HISTORY]
    return {
        **_both(),
        "baseline": {"means": means, "accuracy": accuracy},
        "costs": costs(runs.list_runs()),
        "presets": [
            {
                "name": name,
                "label": preset.label,
                "parameters": preset.architecture.parameters,
                "multiply_adds": preset.architecture.multiply_adds,
            }
            for name, preset in PRESETS.items()
        ],
        "history": [
            {
                "year": year,
                "name": preset.name,
                "label": preset.label,
                "history": preset.history,
                "source": preset.source,
                "parameters": preset.architecture.parameters,
                "multiply_adds": preset.architecture.multiply_adds,
            }
            for year, preset in presets
        ],
    }


@st.cache_data(max_entries=1, show_spinner=False)
def _baseline() -> tuple[str, float]:
    sample = _sample()
    means, accuracy = nearest_mean(*(part.numpy() for part in sample))
    return packed_images(np.rint(means * 255).astype(np.uint8)), accuracy


def _sample() -> datasets.Images:
    """The bundled sample; the page says what it waits for. Raises MaterialError."""
    loading.wait()
    try:
        return datasets.load("mnist-sample")
    except datasets.DataError as error:
        raise MaterialError(str(error)) from error


_BY_LESSON: dict[str, Callable[[], Material]] = {
    "pixels": _both,
    "convolution": _convolution,
    "pooling": _digits,
    "dense": _dense,
    "learning": _digits,
    "program": _program,
    "overfitting": _overfitting,
    "objects": _both,
    "limits": _limits,
}


def of(lesson: str) -> Material:
    """A lesson's. Raises MaterialError."""
    return _BY_LESSON.get(lesson, dict)()
