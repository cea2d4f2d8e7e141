"""Surgery: switch filters off or write their numbers by hand, and see what becomes of the network.

Edits are a list that grows and shrinks at its end (undo drops the last). They are always applied
to a copy of the run's own weights, never to the network that other sessions share.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnn.common.progress import Progress, Stop, step
from cnn.network import Architecture

if TYPE_CHECKING:
    from torch import Tensor, nn

    from cnn.datasets import Preprocessing
    from cnn.runs import Run, Status

BATCH = 500


class SurgeryError(ValueError):
    """An edit that does not fit the network; the message says where and why."""


@dataclass(frozen=True)
class SwitchOff:
    """Silence one filter of a convolution, or one unit of a Linear layer.

    Its weights and bias become 0; where batch norm follows directly, its scale and shift for this
    map too, so that the map is 0 before the activation function. `part` names the convolution
    inside a residual block ("conv1", "conv2", "shortcut.0"); "" is the layer itself.
    """

    number: int
    channel: int
    part: str = ""

    @property
    def words(self) -> str:
        """The edit as people say it."""
        inner = f" {self.part}" if self.part else ""
        return f"filter {self.channel} of layer {self.number}{inner} off"


@dataclass(frozen=True)
class SetKernel:
    """Write one filter's kernel on one input channel: `values` is k rows of k numbers.

    `input_channel` counts within the filter's group.
    """

    number: int
    channel: int
    input_channel: int
    values: tuple[tuple[float, ...], ...]
    part: str = ""

    @property
    def words(self) -> str:
        """The edit as people say it."""
        inner = f" {self.part}" if self.part else ""
        return (
            f"kernel of filter {self.channel}, input {self.input_channel}, of layer "
            f"{self.number}{inner} set"
        )


Edit = SwitchOff | SetKernel


def kernel(
    values: NDArray[np.floating] | Sequence[Sequence[float]],
) -> tuple[tuple[float, ...], ...]:
    """A table of numbers as SetKernel wants it."""
    return tuple(tuple(float(value) for value in row) for row in values)


def apply(model: nn.Module, architecture: Architecture, edits: Sequence[Edit]) -> nn.Module:
    """A copy of `model` with all edits made in their order. Raises SurgeryError."""
    import torch

    edited = copy.deepcopy(model).eval()
    with torch.no_grad():
        for edit in edits:
            module = _target(edited, architecture, edit)
            if isinstance(edit, SwitchOff):
                _silence(edited, edit, module)
            else:
                _write(edit, module)
    return edited


def _target(model: Any, architecture: Architecture, edit: Edit) -> Any:
    """The module with the weights that an edit changes."""
    from torch import nn

    where = f"Layer {edit.number}" + (f", {edit.part}" if edit.part else "")
    try:
        if edit.number < 1:
            raise IndexError
        module = model[edit.number - 1].get_submodule(edit.part)
    except (IndexError, AttributeError):
        raise SurgeryError(f"{where}: this network has no such place.") from None
    if not isinstance(module, nn.Conv2d | nn.Linear):
        raise SurgeryError(f"{where}: it has no filters that could be changed.")
    if not 0 <= edit.channel < len(module.weight):
        raise SurgeryError(
            f"{where}: it has filters 0 to {len(module.weight) - 1}, not {edit.channel}."
        )
    return module


def _silence(model: Any, edit: SwitchOff, module: Any) -> None:
    module.weight[edit.channel] = 0
    if module.bias is not None:
        module.bias[edit.channel] = 0
    norm = _norm_after(model, edit)
    if norm is not None:
        norm.weight[edit.channel] = 0
        norm.bias[edit.channel] = 0


def _norm_after(model: Any, edit: SwitchOff) -> Any:
    """The batch norm that stands directly behind an edited convolution, or None."""
    from torch import nn

    if edit.part:
        pairs = {"conv1": "norm1", "conv2": "norm2", "shortcut.0": "shortcut.1"}
        return model[edit.number - 1].get_submodule(pairs[edit.part])
    for module in model[edit.number :]:
        if isinstance(module, nn.BatchNorm2d):
            return module
        if not isinstance(module, nn.Identity | nn.Dropout):
            return None
    return None


def _write(edit: SetKernel, module: Any) -> None:
    import torch

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


def probabilities(model: nn.Module, x: Tensor) -> NDArray[np.float32]:
    """Class probabilities `(classes,)` of one prepared image, float32 `(1, 1, 28, 28)`."""
    import torch

    with torch.inference_mode():
        return model(x)[0].softmax(0).numpy()


def accuracy(
    model: nn.Module,
    preprocessing: Preprocessing,
    images: Tensor,
    labels: Tensor,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> float:
    """The share, 0-1, of `images` uint8 `(N, 28, 28)` that the network reads as `labels` say.

    The first 1,000 of a test set answer at once; all of them take progress and stop. Raises
    Stopped.
    """
    import torch

    right = 0
    for begin in range(0, len(images), BATCH):
        step(begin / len(images), progress, stop)
        with torch.inference_mode():
            scores = model(preprocessing(images[begin : begin + BATCH]))
        right += int((scores.argmax(1) == labels[begin : begin + BATCH]).sum())
    if progress:
        progress(1.0)
    return right / len(images)


def keep(
    run: Run, epoch: int | None, edits: Sequence[Edit], name: str = "", score: bool = True
) -> Run:
    """Make a new, finished run of `run`'s weights at `epoch` (None: the newest) with the edits.

    The new folder has the edited weights as its only checkpoint and as its newest weights, so that
    every page can use it; its config says where it came from. With `score` its test set is scored
    where the data are on disk. Raises SurgeryError and RunError, and leaves no folder then.
    """
    import time

    from cnn import runs
    from cnn.common.files import write_tensors
    from cnn.runs.weights import load_model

    if not edits:
        raise SurgeryError("Nothing was changed: there is nothing to keep.")
    config = run.config
    model = apply(load_model(run, epoch), config.architecture, edits)
    status = run.status()
    at = epoch if epoch is not None else _last_epoch(run, status)
    what = "; ".join(edit.words for edit in edits)
    origin = f"'{run.name}' ({run.id}) after epoch {at}, by surgery: {what}"[:2000]
    kept = runs.create(
        config.model_copy(update={"created": time.time(), "origin": origin}),
        name or f"{run.name}, after surgery"[:80],
    )
    try:
        state = model.state_dict()
        write_tensors(kept.path / "checkpoints" / f"epoch-{at:03d}.safetensors", state)
        write_tensors(kept.path / "live.safetensors", state)
        same = ("device", "device_name", "precision", "epochs", "step", "steps", "images_seen")
        ended = {name: status.get(name) for name in same if name in status}
        ended |= {"state": "finished", "epoch": at, "message": origin, "ended": time.time()}
        kept.write_status(**ended)
        if score:
            kept.write_status(**ended, **_scored(kept, model))
    except BaseException:
        shutil.rmtree(kept.path, ignore_errors=True)
        raise
    return kept


def _last_epoch(run: Run, status: Status) -> int:
    kept = run.checkpoints()
    return int(status.get("epoch", kept[-1] if kept else 0))


def _scored(run: Run, model: nn.Module) -> dict[str, float]:
    """Score a kept run's test set, and note its guesses as a worker does: the status's part."""
    from cnn import datasets
    from cnn.common.files import write_json
    from cnn.evaluation import score_test_set, test_probabilities
    from cnn.runs.session import first_filters

    try:
        images = datasets.load(run.config.dataset)
        accuracy = score_test_set(run)
    except datasets.DataError:
        return {}
    table = test_probabilities(run)
    assert table is not None
    labels = images.test_labels.numpy()
    index = [int(np.flatnonzero(labels == label)[0]) for label in np.unique(labels)]
    write_json(
        run.path / "live.json",
        {
            "step": 0,
            "index": index,
            "labels": labels[index].tolist(),
            "images": images.test_images[index].tolist(),
            "probabilities": table[index].round(4).tolist(),
            "filters": first_filters(model),
        },
    )
    return {"test_accuracy": accuracy}
