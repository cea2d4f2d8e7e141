"""Surgery: edits on a copy, their effect, and a run kept of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cnn import datasets, evaluation, runs
from cnn.inspection import surgery
from cnn.inspection.surgery import SetKernel, SurgeryError, SwitchOff, apply, kernel
from cnn.network import Architecture
from cnn.network.layers import (
    Activation,
    BatchNorm2d,
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    ResidualBlock,
)
from cnn.runs.weights import load_model
from tests.networks import build

ARCHITECTURE = Architecture(
    layers=(
        Conv2d(filters=4),
        BatchNorm2d(),
        Activation(),
        Conv2d(filters=4, groups=2),
        Activation(function="tanh"),
        ResidualBlock(filters=6),
        MaxPool2d(kernel_size=4, stride=4),
        Flatten(),
        Linear(units=5),
        Activation(),
    )
)


def test_a_filter_that_is_off_answers_nothing_after_its_batch_norm() -> None:
    model = build(ARCHITECTURE)
    x = torch.randn(1, 1, 28, 28)
    edited = apply(model, [SwitchOff(1, 2), SwitchOff(4, 1), SwitchOff(9, 3)])
    with torch.no_grad():
        before, after = model[:2](x), edited[:2](x)
        assert (after[0, 2] == 0).all()
        torch.testing.assert_close(after[0, [0, 1, 3]], before[0, [0, 1, 3]])
        assert (edited[:4](x)[0, 1] == 0).all()
        assert (edited[:9](x)[0, 3] == 0).all()


def test_a_residual_blocks_convolutions_can_be_silenced() -> None:
    edited = apply(build(ARCHITECTURE), [SwitchOff(6, 0, "conv1")])
    block = edited[5]
    with torch.no_grad():
        assert (block.norm1(block.conv1(torch.randn(1, 4, 28, 28)))[0, 0] == 0).all()
    both = [SwitchOff(6, 5, "conv2"), SwitchOff(6, 5, "shortcut.0")]
    silent = apply(build(ARCHITECTURE), both)
    with torch.no_grad():
        assert (silent[:6](torch.randn(1, 1, 28, 28))[0, 5] == 0).all()


def test_edits_touch_a_copy_and_the_last_one_wins() -> None:
    model = build(ARCHITECTURE)
    kept = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    first, second = np.full((3, 3), 0.5), np.arange(9.0).reshape(3, 3)
    edits = [SetKernel(1, 0, 0, kernel(first)), SetKernel(1, 0, 0, kernel(second))]
    written = apply(model, edits)[0].weight[0, 0].detach().numpy()
    np.testing.assert_array_equal(written, second.astype(np.float32))
    undone = apply(model, edits[:-1])[0].weight[0, 0].detach().numpy()
    np.testing.assert_array_equal(undone, first.astype(np.float32))
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, kept[name])
    assert torch.equal(apply(model, [])[0].weight, model[0].weight)


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (SwitchOff(0, 0), "no such place"),
        (SwitchOff(40, 0), "no such place"),
        (SwitchOff(3, 0), "no filters"),
        (SwitchOff(1, 4), "filters 0 to 3"),
        (SwitchOff(1, -1), "filters 0 to 3"),
        (SwitchOff(6, 0), "no filters"),
        (SwitchOff(1, 0, "conv1"), "no such place"),
        (SetKernel(4, 0, 2, kernel(np.zeros((3, 3)))), "input channels 0 to 1"),
        (SetKernel(1, 0, 0, kernel(np.zeros((2, 3)))), "3 rows of 3"),
        (SetKernel(1, 0, 0, ((1.0,), (1.0, 2.0))), "3 rows of 3"),
        (SetKernel(1, 0, 0, kernel(np.full((3, 3), np.nan))), "between"),
        (SetKernel(9, 0, 0, kernel(np.zeros((3, 3)))), "no kernels"),
    ],
)
def test_an_edit_that_does_not_fit_says_why(edit: surgery.Edit, problem: str) -> None:
    with pytest.raises(SurgeryError, match=problem):
        apply(build(ARCHITECTURE), [edit])


def test_accuracy_is_the_evaluations_own_and_falls_when_all_is_off(trained: runs.Run) -> None:
    images = datasets.load(trained.config.dataset)
    model = load_model(trained)
    shares: list[float] = []
    whole = surgery.accuracy(
        model, trained.preprocessing, images.test_images, images.test_labels, shares.append
    )
    assert whole == pytest.approx(trained.status()["test_accuracy"])
    assert shares[-1] == 1.0
    off = apply(model, [SwitchOff(1, channel) for channel in range(6)])
    blind = surgery.accuracy(off, trained.preprocessing, images.test_images, images.test_labels)
    assert blind < 0.2 < whole
    x = trained.preprocessing(images.test_images[:1])
    same = evaluation.predict(trained, images.test_images[:1])[0]
    np.testing.assert_allclose(surgery.probabilities(model, x), same, atol=1e-6)


def test_a_kept_run_is_a_run_like_any_other(trained: runs.Run) -> None:
    edits = [SwitchOff(1, 0), SetKernel(1, 1, 0, kernel(np.eye(3)))]
    kept = surgery.keep(trained, None, edits, "Without its first filter")
    assert [run.id for run in runs.list_runs()] == [kept.id, trained.id]
    kept = runs.open_run(kept.id)
    assert kept.state == "finished"
    assert kept.name == "Without its first filter"
    assert kept.config.origin is not None
    assert trained.id in kept.config.origin
    assert "filter 0 of layer 1 off" in kept.config.origin
    assert kept.config.architecture == trained.config.architecture
    assert not kept.can_resume()
    assert kept.checkpoints() == [trained.config.settings.epochs]
    model = load_model(kept)
    assert torch.equal(model[0].weight[1, 0].detach(), torch.eye(3))
    assert not model[0].weight[0].any()
    images = datasets.load(kept.config.dataset)
    expected = surgery.accuracy(model, kept.preprocessing, images.test_images, images.test_labels)
    assert kept.status()["test_accuracy"] == pytest.approx(expected)
    assert evaluation.test_probabilities(kept) is not None
    assert len(kept.live()["images"]) == 10
    assert kept.live()["filters"][0] == [[0.0] * 3] * 3
    # and surgery on the kept run names it in its turn
    again = surgery.keep(kept, kept.checkpoints()[0], [SwitchOff(1, 2)])
    assert again.config.origin is not None and kept.id in again.config.origin
    again.delete()


def test_nothing_changed_is_nothing_to_keep(trained: runs.Run) -> None:
    with pytest.raises(SurgeryError, match="nothing to keep"):
        surgery.keep(trained, None, [])
    with pytest.raises(SurgeryError, match="no such place"):
        surgery.keep(trained, None, [SwitchOff(99, 0)])
    assert [run.id for run in runs.list_runs()] == [trained.id]
