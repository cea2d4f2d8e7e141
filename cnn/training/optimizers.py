"""Optimisers, made from the choice in the settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from cnn.training.settings import OPTIMIZERS, Settings


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


def make_update(optimizer: Any) -> Callable[[], Any]:
    """`optimizer.step`; for Adam and AdamW on the CPU its fused kernel without the way there.

    On that way torch sorts parameters, looks for graphs under capture and speaks to profilers,
    anew in every step: a sixth of the tutorial network's time. Parameters, gradients and state
    are the optimiser's own, so the two may take turns, and the numbers are the same.
    """
    kernel = {
        torch.optim.Adam: getattr(torch, "_fused_adam_", None),
        torch.optim.AdamW: getattr(torch, "_fused_adamw_", None),
    }.get(type(optimizer))
    parameters = optimizer.param_groups[0]["params"]
    if kernel is None or parameters[0].device.type != "cpu" or len(optimizer.param_groups) > 1:
        return optimizer.step

    @torch.no_grad()
    def update() -> None:
        if not optimizer.state:
            optimizer.step()  # the first: it makes the state
            return
        group, states = optimizer.param_groups[0], [optimizer.state[p] for p in parameters]
        steps = [state["step"] for state in states]
        torch._foreach_add_(steps, 1)
        kernel(
            parameters,
            [p.grad for p in parameters],
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [], steps, lr=group["lr"], beta1=group["betas"][0], beta2=group["betas"][1],
            weight_decay=group["weight_decay"], eps=group["eps"], amsgrad=False, maximize=False,
        )  # fmt: skip

    return update
