"""Optimisers, made from the choice in the settings."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from cnn.training.accelerators import Accelerator
from cnn.training.settings import OPTIMIZERS, Settings


def make_optimizer(
    model: nn.Module, settings: Settings, accelerator: Accelerator, graphed: bool = False
) -> Optimizer:
    """The chosen optimiser, with PyTorch's fused kernel where it has one for this device.

    `graphed` keeps its step count and learning rate on the device, as a CUDA graph needs them.
    """
    choice = OPTIMIZERS[settings.optimizer]
    arguments: dict[str, float] = dict(choice.arguments)
    if choice.torch_name in accelerator.fused_optimizers:
        arguments["fused"] = True
    rate: float | Tensor = settings.learning_rate
    if graphed:
        arguments["capturable"], rate = True, torch.tensor(rate, device=accelerator.device)
    return getattr(torch.optim, choice.torch_name)(
        model.parameters(), lr=rate, weight_decay=settings.weight_decay, **arguments
    )


def set_learning_rate(optimizer: Optimizer, rate: float) -> None:
    """Make `rate` the learning rate of the next step."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


def make_update(optimizer: Optimizer) -> Callable[[], object]:
    """`optimizer.step`; for Adam and AdamW on the CPU a direct call of its fused kernel.

    `step` sorts parameters, looks for graphs under capture and calls profilers each time, which
    took a sixth of the tutorial network's time. Parameters, gradients and state are the
    optimiser's own, so the two may alternate, and the numbers are the same.
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
        gradients, steps = [p.grad for p in parameters], [state["step"] for state in states]
        means, squares = ([state[key] for state in states] for key in ("exp_avg", "exp_avg_sq"))
        torch._foreach_add_(steps, 1)
        options = {key: group[key] for key in ("lr", "weight_decay", "eps")}
        options["beta1"], options["beta2"] = group["betas"]
        options |= {"amsgrad": False, "maximize": False}
        kernel(parameters, gradients, means, squares, [], steps, **options)

    return update
