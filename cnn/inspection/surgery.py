"""Surgery: a network with filters switched off or rewritten by hand, and what that changes.

Edits are a list that grows and shrinks at its end (undo drops the last). They are always applied
to a copy of the run's own weights, never to the network that other sessions share.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnn import datasets
from cnn.common.files import write_tensors
from cnn.common.progress import Progress, silent
from cnn.datasets import Preprocessing
from cnn.evaluation import score_test_set, test_probabilities
from cnn.inspection.batches import batches
from cnn.runs import Run
from cnn.runs.copies import copy_of, origin_of
from cnn.runs.live import one_of_each, write_live
from cnn.runs.weights import load_model


class SurgeryError(ValueError):
    """An edit that does not fit the network; the message says where and why."""


@dataclass(frozen=True)
class SwitchOff:
    """Switch off one filter of a convolution, or one unit of a Linear layer.

    Its weights and bias become 0; where batch norm follows directly, its scale and shift for this
    map too, so that the map is 0 before the activation function. `path` names the convolution
    inside a residual block ("conv1", "conv2", "shortcut.0"); "" is the layer itself.
    """

    number: int
    channel: int
    path: str = ""

    @property
    def words(self) -> str:
        """The edit in words, for lists."""
        return f"filter {self.channel} of layer {_layer_words(self)} off"


@dataclass(frozen=True)
class SetKernel:
    """Write one filter's kernel on one input channel: `values` is k rows of k numbers.

    `input_channel` counts within the filter's group; `path` as in SwitchOff.
    """

    number: int
    channel: int
    input_channel: int
    values: tuple[tuple[float, ...], ...]
    path: str = ""

    @property
    def place(self) -> tuple[int, str, int, int]:
        """Which kernel it writes."""
        return self.number, self.path, self.channel, self.input_channel

    @property
    def words(self) -> str:
        """The edit in words, for lists."""
        inner = f"filter {self.channel}, input {self.input_channel}"
        return f"kernel of {inner}, of layer {_layer_words(self)} set"


Edit = SwitchOff | SetKernel


def _layer_words(edit: Edit) -> str:
    return f"{edit.number} {edit.path}".rstrip()


def kernel(
    values: NDArray[np.floating] | Sequence[Sequence[float]],
) -> tuple[tuple[float, ...], ...]:
    """A table of numbers as SetKernel wants it."""
    return tuple(tuple(float(value) for value in row) for row in values)


def apply(model: nn.Sequential, edits: Sequence[Edit]) -> nn.Sequential:
    """A copy of `model` with all edits made in their order. Raises SurgeryError."""
    edited = copy.deepcopy(model).eval()
    with torch.no_grad():
        for edit in edits:
            module = _target(edited, edit)
            if isinstance(edit, SwitchOff):
                _switch_off(edited, edit, module)
            else:
                _write(edit, module)
    return edited


def _target(model: nn.Sequential, edit: Edit) -> nn.Module:
    """The module with the weights that an edit changes."""
    where = f"Layer {edit.number}" + (f", {edit.path}" if edit.path else "")
    try:
        if edit.number < 1:
            raise IndexError
        module = model[edit.number - 1].get_submodule(edit.path)
    except (IndexError, AttributeError):
        raise SurgeryError(f"{where}: this network has no such place.") from None
    if not isinstance(module, nn.Conv2d | nn.Linear):
        raise SurgeryError(f"{where}: it has no filters that could be changed.")
    if not 0 <= edit.channel < len(module.weight):
        raise SurgeryError(
            f"{where}: it has filters 0 to {len(module.weight) - 1}, not {edit.channel}."
        )
    return module


def _switch_off(model: nn.Sequential, edit: SwitchOff, module: nn.Module) -> None:
    module.weight[edit.channel] = 0
    if module.bias is not None:
        module.bias[edit.channel] = 0
    norm = _norm_after(model, edit)
    if norm is not None:
        norm.weight[edit.channel] = 0
        norm.bias[edit.channel] = 0


def _norm_after(model: nn.Sequential, edit: SwitchOff) -> nn.BatchNorm2d | None:
    """The batch norm directly behind an edited convolution, or None."""
    if edit.path:
        pairs = {"conv1": "norm1", "conv2": "norm2", "shortcut.0": "shortcut.1"}
        return model[edit.number - 1].get_submodule(pairs[edit.path])
    for module in model[edit.number :]:
        if isinstance(module, nn.BatchNorm2d):
            return module
        if not isinstance(module, nn.Identity | nn.Dropout):
            return None
    return None


def _write(edit: SetKernel, module: nn.Module) -> None:
    where = f"Layer {edit.number}, filter {edit.channel}"
    if module.weight.ndim != 4:
        raise SurgeryError(f"{where}: a Linear layer has no kernels.")
    channels, height, width = module.weight.shape[1:]
    if not 0 <= edit.input_channel < channels:
        raise SurgeryError(f"{where}: it has input channels 0 to {channels - 1}.")
    values = np.array(edit.values, np.float64) if _is_table(edit.values) else np.empty(0)
    if values.shape != (height, width):
        raise SurgeryError(f"{where}: its kernel has {height} rows of {width} numbers.")
    if not np.isfinite(values).all() or np.abs(values).max() > 1e6:
        raise SurgeryError(f"{where}: every number must lie between -1,000,000 and 1,000,000.")
    module.weight[edit.channel, edit.input_channel] = torch.from_numpy(values).float()


def _is_table(values: Sequence[Sequence[float]]) -> bool:
    return len({len(row) for row in values}) == 1


def probabilities(model: nn.Sequential, x: Tensor) -> NDArray[np.float32]:
    """Class probabilities `(classes,)` of one prepared image, float32 `(1, 1, 28, 28)`."""
    with torch.inference_mode():
        return model(x)[0].softmax(0).numpy()


def accuracy(
    model: nn.Sequential,
    preprocessing: Preprocessing,
    images: Tensor,
    labels: Tensor,
    progress: Progress = silent,
) -> float:
    """The share, 0-1, of `images` uint8 `(N, 28, 28)` that the network reads as `labels` say."""
    right = 0
    for begin, x in batches(images, preprocessing, progress):
        with torch.inference_mode():
            right += int((model(x).argmax(1) == labels[begin : begin + len(x)]).sum())
    return right / len(images)


def keep(run: Run, epoch: int | None, edits: Sequence[Edit], name: str = "") -> Run:
    """Make a new, finished run of `run`'s weights at `epoch` (None: the newest) with the edits.

    The new folder has the edited weights as its only checkpoint and as its newest weights, so that
    every page can use it; its config says where it came from. Its test set is scored where the data
    are on disk. Raises SurgeryError and RunError, and leaves no folder then.
    """
    if not edits:
        raise SurgeryError("Nothing was changed: there is nothing to keep.")
    model = apply(load_model(run, epoch), edits)
    status = run.status()
    at = epoch
    if at is None:  # the newest weights; of a run that stopped early those of its best epoch
        last = status.get("epoch", (run.checkpoints() or [0])[-1])
        at = int(status.get("kept_epoch") or last)
    what = "; ".join(edit.words for edit in edits)
    origin = origin_of(run, f"after epoch {at}, by surgery: {what}")
    title = name or f"{run.name}, after surgery"
    # It has the weights, not the training: no file of what that started from comes along.
    with copy_of(run, title, start_from=None, origin=origin) as kept:
        state = model.state_dict()
        write_tensors(kept.files.checkpoint(at), state)
        write_tensors(kept.files.weights, state)
        same = ("device", "device_name", "precision", "epochs", "step", "steps", "images_seen")
        ended = {name: status.get(name) for name in same if name in status}
        ended |= {"state": "finished", "epoch": at, "message": origin, "ended": time.time()}
        kept.write_status(**ended)
        kept.write_status(**ended, **_scored(kept, model))
    return kept


def _scored(run: Run, model: nn.Sequential) -> dict[str, float]:
    """The test accuracy for a kept run's status; its predictions are written as a worker does.

    Empty where the data set is not on disk.
    """
    try:
        images = datasets.load(run.config.dataset)
        accuracy = score_test_set(run)
    except datasets.DataError:
        return {}
    table = test_probabilities(run)
    assert table is not None
    index = one_of_each(images.test_labels)
    write_live(run, model, images, index, torch.from_numpy(table[index]), 0)
    return {"test_accuracy": accuracy}
