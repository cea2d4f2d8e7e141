"""Where a training stands, as tensors and numbers: taken from it, and put back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass
class Position:
    """Where training stands: all that resuming needs besides tensors."""

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
    best_epoch: int = 0

    @classmethod
    def of(cls, numbers: dict[str, Any]) -> Position:
        """From saved numbers, of older runs too. Raises TypeError for foreign ones."""
        old = {"lowest_loss": "best_validation_loss", "lowest_epoch": "best_epoch"}
        return cls(**{old.get(name, name): value for name, value in numbers.items()})


def tensors(model: nn.Module, optimizer: Any, device: torch.device) -> dict[str, Tensor]:
    """Weights, the optimiser's moments and the random state, by name."""
    found = {f"model.{name}": value for name, value in model.state_dict().items()}
    for index, values in optimizer.state_dict()["state"].items():
        for name, value in values.items():
            if value is not None:  # SGD before its first step holds none
                found[f"optimizer.{index}.{name}"] = torch.as_tensor(value)
    found["random.cpu"] = torch.get_rng_state()
    if device.type == "cuda":
        found["random.cuda"] = torch.cuda.get_rng_state(device)
    return found


def put_back(tensors: dict[str, Tensor], model: nn.Module, optimizer: Any) -> None:
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


def put_back_random_state(tensors: dict[str, Tensor], device: torch.device) -> None:
    """Draw on from where it was. Raises KeyError where none was kept."""
    torch.set_rng_state(tensors["random.cpu"])
    if "random.cuda" in tensors and device.type == "cuda":
        torch.cuda.set_rng_state(tensors["random.cuda"], device)
