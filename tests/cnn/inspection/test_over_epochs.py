"""One filter and one image's probabilities over a run's epochs, and damaged checkpoints."""

from __future__ import annotations

import numpy as np
import pytest

from cnn import datasets, evaluation, runs
from cnn.inspection.over_epochs import filter_over_epochs, probabilities_over_epochs
from cnn.runs.weights import load_model
from tests.cnn.inspection.stopping import Stopped, stop


def test_one_filter_over_epochs_is_the_checkpoints_own(trained: runs.Run) -> None:
    found = filter_over_epochs(trained, "4.weight", 3)
    assert found.epochs.tolist() == trained.checkpoints()
    assert found.values.shape == (len(found.epochs), 6, 3, 3)
    for epoch, weights in zip(found.epochs.tolist(), found.values, strict=True):
        expected = load_model(trained, epoch)[4].weight[3].detach().numpy()
        np.testing.assert_array_equal(weights, expected)
    assert not np.array_equal(found.values[0], found.values[-1])


def test_probabilities_over_epochs_are_each_epochs_prediction(trained: runs.Run) -> None:
    image = datasets.load(trained.config.dataset).test_images[3]
    shares: list[float] = []
    found = probabilities_over_epochs(trained, image, shares.append)
    for epoch, row in zip(found.epochs.tolist(), found.values, strict=True):
        expected = evaluation.predict(trained, image[None], epoch)[0]
        np.testing.assert_allclose(row, expected, atol=1e-6)
    assert shares == sorted(shares)
    with pytest.raises(Stopped):
        probabilities_over_epochs(trained, image, progress=stop)


def test_damaged_checkpoints_are_left_out(trained: runs.Run) -> None:
    whole = trained.checkpoints()
    trained.weights_path(whole[0]).write_bytes(b"cut short")
    found = filter_over_epochs(trained, "0.weight", 0)
    assert found.epochs.tolist() == whole[1:]
    image = datasets.load(trained.config.dataset).test_images[3]
    assert probabilities_over_epochs(trained, image).epochs.tolist() == whole[1:]
    for tensor, number in (("9.weight", 0), ("0.weight", 99)):
        with pytest.raises(runs.RunError, match="no epoch"):
            filter_over_epochs(trained, tensor, number)
    for epoch in whole:
        trained.weights_path(epoch).unlink()
    with pytest.raises(runs.RunError, match="no epoch"):
        probabilities_over_epochs(trained, image)
