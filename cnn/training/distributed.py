"""Several processes that train one run: who is who, and how they agree.

`torchrun` starts the processes and tells each its place through the environment; alone, a process
is a world of one and nothing here costs anything. Gradients are averaged by PyTorch's
DistributedDataParallel; what is decided (stop, pause, learning rate, when to report) is decided by
the first process and told to the others, so that no two ever disagree.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

Decision = tuple[bool, bool, float | None, bool]  # stop, paused, peak learning rate, report now

# Longer than any wait in a queue or a pause. A process that dies is noticed by torchrun at once.
PATIENCE = timedelta(days=7)
GPU_STEPS_BETWEEN_WORDS = 8  # to agree, GPUs' processes must wait for each other's host


@dataclass(frozen=True)
class World:
    """This process's place among `size`; rank 0 leads: it decides, and writes the run's files."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    words: Any = None  # the group that decisions travel through, on the host

    @property
    def leads(self) -> bool:
        """Whether this process decides and writes."""
        return self.rank == 0

    def agree(self, decision: Decision) -> Decision:
        """The leader's decision, in every process. All must call this at the same step."""
        if self.size == 1:
            return decision
        stop, paused, rate, report = decision
        said = torch.tensor(
            [stop, paused, float("nan") if rate is None else rate, report], dtype=torch.float64
        )
        dist.broadcast(said, 0, group=self.words)
        stop, paused, rate, report = said.tolist()
        return bool(stop), bool(paused), None if rate != rate else rate, bool(report)

    def sum(self, values: Tensor) -> Tensor:
        """The sum of `values` over all processes, the same in each."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def spread(self, model: nn.Module, device: torch.device) -> nn.Module:
        """`model` with its gradients averaged over all processes."""
        if self.size == 1:
            return model
        from torch.nn.parallel import DistributedDataParallel

        ids = [device.index] if device.type == "cuda" else None
        return DistributedDataParallel(
            model, device_ids=ids, broadcast_buffers=False, gradient_as_bucket_view=True
        )

    def even_out(self, model: nn.Module) -> None:
        """Batch norm's running statistics become the mean over all processes (each measures its
        own part of a batch); counters are the same everywhere already."""
        if self.size == 1:
            return
        for buffer in model.buffers():
            if buffer.is_floating_point():
                self.sum(buffer.div_(self.size))


def several() -> bool:
    """Whether torchrun started this process as one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def is_leader() -> bool:
    """Whether this process leads (a lone one does), before any of them met."""
    return int(os.environ.get("RANK", "0")) == 0


@contextlib.contextmanager
def joined(backend: str) -> Iterator[World]:
    """Meet the other processes; `backend` is `nccl` for GPUs, `gloo` for CPUs."""
    if not several():
        yield World()
        return
    local_rank = int(os.environ["LOCAL_RANK"])
    if backend == "nccl":
        torch.cuda.set_device(local_rank)
    dist.init_process_group(backend, timeout=PATIENCE)
    words = dist.new_group(backend="gloo", timeout=PATIENCE)
    try:
        yield World(dist.get_rank(), dist.get_world_size(), local_rank, words)
    finally:
        with contextlib.suppress(Exception):  # after a failure the others may be gone already
            dist.destroy_process_group()
