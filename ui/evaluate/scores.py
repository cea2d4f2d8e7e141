"""A run's test set as it read it, at the chosen epoch: remembered for all sessions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn import datasets, evaluation, runs


class Weights(NamedTuple):
    """By which results are remembered: the run, the epoch, when its file changed, and the data set
    whose images were read."""

    run_id: str
    epoch: int | None
    changed: int
    dataset: str


def weights_of(run: runs.Run, epoch: int | None) -> Weights:
    """Those of a run's epoch. Raises RunError and DataError."""
    try:
        changed = run.weights_path(epoch).stat().st_mtime_ns
    except OSError as error:
        raise runs.RunError(f"The weights of '{run.name}' cannot be read.") from error
    return Weights(run.id, epoch, changed, datasets.at_hand(run.config.dataset))


@st.cache_resource(max_entries=8, show_spinner="Reading the test images")
def scored(weights: Weights, kept: int | None) -> evaluation.Scored:
    """The test set; `kept`: when the results kept with the run were written. Raises RunError and
    DataError."""
    return evaluation.scored_test_set(runs.open_run(weights.run_id), weights.epoch)


@st.cache_resource(max_entries=4, show_spinner="Reading the validation images")
def logits(
    weights: Weights,
) -> tuple[NDArray[np.float32], tuple[NDArray[np.float32], NDArray[np.int64]] | None]:
    """The test images' logits, and those of the validation images with their labels (None where
    there are none). Raises RunError and DataError."""
    run = runs.open_run(weights.run_id)
    images = datasets.load(weights.dataset).test_images
    test = evaluation.predict_logits(run, images, weights.epoch)
    return test, evaluation.validation_logits(run, weights.epoch)
