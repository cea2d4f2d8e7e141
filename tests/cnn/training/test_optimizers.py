"""Optimisers, and the shorter way to their kernels."""

import copy

import pytest
import torch
from torch import nn

from cnn.training import OPTIMIZERS, Settings
from cnn.training.accelerators import Accelerator
from cnn.training.optimizers import make_optimizer, make_update

CPU = Accelerator(torch.device("cpu"))


def gradients(model: nn.Module, seed: int) -> None:
    torch.manual_seed(seed)
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter)


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_an_update_is_the_optimisers_own_step(name):
    settings = Settings(optimizer=name, learning_rate=0.01, weight_decay=0.01)
    plain = nn.Sequential(nn.Conv2d(1, 8, 3), nn.Flatten(), nn.Linear(8, 10))
    quick = copy.deepcopy(plain)
    theirs = make_optimizer(plain, settings, CPU)
    ours = make_optimizer(quick, settings, CPU)
    update = make_update(ours)
    for step in range(6):
        for group in (theirs.param_groups[0], ours.param_groups[0]):
            group["lr"] = 0.01 / (step + 1)  # as schedules do
        gradients(plain, step)
        gradients(quick, step)
        theirs.step()
        ours.step() if step == 3 else update()  # the two may take turns
        assert all(map(torch.equal, plain.parameters(), quick.parameters()))
    mine, other = ours.state_dict()["state"], theirs.state_dict()["state"]
    for index, values in other.items():
        for key, value in values.items():
            assert value is None or torch.equal(value, mine[index][key])


def test_a_state_that_was_put_back_is_the_one_that_is_used():
    model = nn.Linear(4, 2)
    optimizer = make_optimizer(model, Settings(optimizer="adamw"), CPU)
    update = make_update(optimizer)
    gradients(model, 0)
    update()
    kept = copy.deepcopy(optimizer.state_dict()), copy.deepcopy(model.state_dict())
    ends = []
    for _ in range(2):
        optimizer.load_state_dict(copy.deepcopy(kept[0]))
        model.load_state_dict(kept[1])
        gradients(model, 1)
        update()
        ends.append(model.weight.detach().clone())
    assert torch.equal(*ends)
