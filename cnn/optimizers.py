"""Optimisers, made from the choice in the settings."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from cnn.settings import OPTIMIZERS, Settings


def make_optimizer(
    model: nn.Module, settings: Settings, device: torch.device, graphed: bool = False
) -> Any:
    """The chosen optimiser, with PyTorch's fused kernel where it has one for this device.

    `graphed` keeps its step count and learning rate on the device, as a CUDA graph needs them.
    """
    choice = OPTIMIZERS[settings.optimizer]
    arguments = dict(choice.arguments)
    fused = choice.torch_name in ("SGD", "Adam", "AdamW") or (
        choice.torch_name == "Adagrad" and device.type == "cpu"
    )
    if fused and device.type in ("cpu", "cuda"):
        arguments["fused"] = True
    rate: Any = settings.learning_rate
    if graphed:
        arguments["capturable"], rate = True, torch.tensor(rate, device=device)
    return getattr(torch.optim, choice.torch_name)(
        model.parameters(),
        lr=rate,
        weight_decay=settings.weight_decay,
        **arguments,
    )
