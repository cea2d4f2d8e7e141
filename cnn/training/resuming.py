"""The state of a training as tensors and numbers: read from one, loaded into another."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from cnn.training.accelerators import Accelerator


@dataclass
class Position:
    """How far training has come: all that resuming needs besides tensors."""

    epoch: int = 0
    batch: int = 0
    step: int = 0
    epoch_loss: float = 0.0
    epoch_correct: int = 0
    epoch_images: int = 0
    epoch_seconds: float = 0.0
    train_seconds: float = 0.0
    images_seen: int = 0
    best_validation_loss: float | None = None  # of the validation images, and after which epoch
    best_loss_epoch: int = 0

    def add_steps(
        self, losses: list[float], sizes: list[int], correct: int, seconds: float
    ) -> None:
        """Add steps to the epoch's sums: mean losses, batch sizes, correct answers, time taken."""
        self.epoch_loss += sum(loss * size for loss, size in zip(losses, sizes, strict=True))
        self.epoch_correct += correct
        self.epoch_images += sum(sizes)
        self.images_seen += sum(sizes)
        self.train_seconds += seconds

    def end_epoch(self, validation_loss: float | None) -> None:
        """Go on to the next epoch, and note whether the one that ended is the best so far."""
        self.epoch, self.batch = self.epoch + 1, 0
        self.epoch_loss, self.epoch_correct, self.epoch_images, self.epoch_seconds = 0.0, 0, 0, 0.0
        best = self.best_validation_loss
        if validation_loss is not None and (best is None or validation_loss < best):
            self.best_validation_loss, self.best_loss_epoch = validation_loss, self.epoch

    @classmethod
    def of(cls, numbers: dict[str, float | None]) -> Position:
        """The position of saved numbers, of older runs too. Raises TypeError for foreign ones."""
        for name, value in numbers.items():
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if value is not None and not (is_number and 0 <= value < 1e15):
                raise TypeError(f"{name} is no number, or out of range")
        old = {"lowest_loss": "best_validation_loss", "lowest_epoch": "best_loss_epoch"}
        return cls(**{old.get(name, name): value for name, value in numbers.items()})  # type: ignore[arg-type]


def read_tensors(model: nn.Module, optimizer: Optimizer) -> dict[str, Tensor]:
    """Weights and the optimiser's moments, by name."""
    found = {f"model.{name}": value for name, value in model.state_dict().items()}
    for index, values in optimizer.state_dict()["state"].items():
        for name, value in values.items():
            if value is not None:  # SGD before its first step holds none
                found[f"optimizer.{index}.{name}"] = torch.as_tensor(value)
    return found


def own_state(model: nn.Module, accelerator: Accelerator) -> dict[str, Tensor]:
    """What each of several processes has of its own, on the host: the random state of host and
    device, and batch norm's statistics, which it measures on its part of the images."""
    found = {"random.cpu": torch.get_rng_state()}
    device = accelerator.random_state()
    if device is not None:
        found[f"random.{accelerator.kind}"] = device
    for name, value in model.named_buffers():
        if value.is_floating_point():
            found[f"buffer.{name}"] = value.detach().cpu().clone()
    return found


def join_ranks(states: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The `own_state` of every process in one dictionary. The leader's buffers are left out: they
    are in its weights."""
    found = {name: value for name, value in states[0].items() if name.startswith("random.")}
    for rank, state in enumerate(states[1:], start=1):
        found |= {f"rank{rank}.{name}": value for name, value in state.items()}
    return found


def split_by_rank(tensors: dict[str, Tensor], processes: int) -> list[dict[str, Tensor]]:
    """What `join_ranks` joined, by rank; fewer than `processes` where fewer had saved it."""
    states = [{name: value for name, value in tensors.items() if name.startswith("random.")}]
    for rank in range(1, processes):
        prefix = f"rank{rank}."
        mine = {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
        if not mine:
            break
        states.append(mine)
    return states


def load_own_state(tensors: dict[str, Tensor], model: nn.Module, accelerator: Accelerator) -> None:
    """Continue from an `own_state`. Raises KeyError where no random state was kept."""
    torch.set_rng_state(tensors["random.cpu"])
    kept = tensors.get(f"random.{accelerator.kind}")
    if kept is not None and accelerator.random_state() is not None:
        accelerator.set_random_state(kept)
    buffers = dict(model.named_buffers())
    for name, value in tensors.items():
        if name.startswith("buffer."):
            buffers[name.removeprefix("buffer.")].copy_(value)


def load_tensors(tensors: dict[str, Tensor], model: nn.Module, optimizer: Optimizer) -> None:
    """Load weights and moments. Raises KeyError, ValueError or RuntimeError for foreign ones."""
    weights = {n.removeprefix("model."): t for n, t in tensors.items() if n.startswith("model.")}
    model.load_state_dict(weights)
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, index, key = name.split(".", 2)
            state.setdefault(int(index), {})[key] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
    # Fused kernels walk weights and moments side by side in memory: a file gives moments back in
    # plain order, while a convolution's weights may lie channels-last.
    for weight, moments in optimizer.state.items():
        for key, value in moments.items():
            if value is not None and value.shape == weight.shape:
                moments[key] = torch.empty_like(weight).copy_(value)
