"""Several processes that train one run: the process group, and decisions that all of them follow.

Whoever starts the processes (`cnn.runs.ranks`, or `torchrun` on several machines) tells each its
rank through the environment; a lone process is a group of one, and nothing here costs anything.
Gradients are averaged by PyTorch's DistributedDataParallel. Stop, pause, learning rate and reports
are decided by rank 0, which broadcasts its decision, so that all processes make the same steps.
"""

from __future__ import annotations

import contextlib
import inspect
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from cnn.training.torchrun import has_several_processes

# Longer than what one process does while the others wait: it reads the data set, saves to a slow
# disk, scores the test set. A pause is a broadcast every 50 ms, and the queue comes before. Whoever
# started the processes notices at once when one dies; this ends them where one hangs.
TIMEOUT = timedelta(minutes=10)
# What DistributedDataParallel calls its broadcast of buffers at each step: PyTorch 2.14's name, and
# the one before, which it warns of in each run's log.
_SYNC_BUFFERS = (
    "forward_sync_buffers"
    if "forward_sync_buffers" in inspect.signature(DistributedDataParallel).parameters
    else "broadcast_buffers"
)


class Decision(NamedTuple):
    """What all processes do before the next step; `learning_rate` is a new peak, None: as set.
    `held`: asked to wait, though it may go on for a few steps; `paused`: it waits."""

    stop: bool = False
    paused: bool = False
    learning_rate: float | None = None
    report: bool = False
    held: bool = False


@dataclass(frozen=True)
class ProcessGroup:
    """This process's rank among `size`; decisions travel through `cpu_group`, on the host."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    cpu_group: dist.ProcessGroup | None = None

    @property
    def is_leader(self) -> bool:
        """Whether this process decides, and writes the run's files."""
        return self.rank == 0

    def broadcast_decision(self, decision: Decision) -> Decision:
        """The leader's decision, in every process. All must call this at the same step."""
        if self.size == 1:
            return decision
        stop, paused, rate, report, held = decision
        values = torch.tensor(
            [stop, paused, float("nan") if rate is None else rate, report, held],
            dtype=torch.float64,
        )
        dist.broadcast(values, 0, group=self.cpu_group)
        stop, paused, rate, report, held = values.tolist()
        peak = None if rate != rate else rate
        return Decision(bool(stop), bool(paused), peak, bool(report), bool(held))

    def sum(self, values: Tensor) -> Tensor:
        """The sum of `values`, which lie on the host, over all processes, the same in each."""
        if self.size > 1:
            dist.all_reduce(values, group=self.cpu_group)
        return values

    def gather(self, own: dict[str, Tensor]) -> list[dict[str, Tensor]]:
        """In the leader what each process gave, by rank; elsewhere nothing. The tensors lie on the
        host, under the same names and of the same shapes everywhere."""
        flat = torch.cat([value.contiguous().view(torch.uint8).flatten() for value in own.values()])
        parts = [torch.empty_like(flat) for _ in range(self.size)] if self.is_leader else None
        dist.gather(flat, parts, group=self.cpu_group)
        return [_like(own, part) for part in parts or []]

    def wrap_ddp(self, model: nn.Module, device: torch.device) -> nn.Module:
        """`model` with its gradients averaged over all processes."""
        if self.size == 1:
            return model
        ids = [device.index] if device.type == "cuda" else None
        buffers = {_SYNC_BUFFERS: False}  # `sync_batch_norm_statistics` does that
        return DistributedDataParallel(
            model, device_ids=ids, gradient_as_bucket_view=True, **buffers
        )

    def sync_batch_norm_statistics(self, model: nn.Module) -> None:
        """Replace batch norm's running statistics by their mean over all processes, of which each
        measures its own part of a batch. Its counters are the same everywhere."""
        if self.size == 1:
            return
        for buffer in model.buffers():
            if buffer.is_floating_point():
                dist.all_reduce(buffer.div_(self.size))


def _like(own: dict[str, Tensor], flat: Tensor) -> dict[str, Tensor]:
    """The bytes `flat` cut into tensors of the names, types and shapes of `own`."""
    found, begin = {}, 0
    for name, value in own.items():
        end = begin + value.numel() * value.element_size()
        found[name] = flat[begin:end].clone().view(value.dtype).view(value.shape)
        begin = end
    return found


@contextlib.contextmanager
def process_group(backend: str) -> Iterator[ProcessGroup]:
    """The group of all processes, once all have joined; `backend`: `nccl` (GPUs), `gloo` (CPUs)."""
    if not has_several_processes():
        yield ProcessGroup()
        return
    local_rank = int(os.environ["LOCAL_RANK"])
    if backend == "nccl":
        torch.cuda.set_device(local_rank)
    dist.init_process_group(backend, timeout=TIMEOUT)
    cpu_group = dist.new_group(backend="gloo", timeout=TIMEOUT)
    try:
        yield ProcessGroup(dist.get_rank(), dist.get_world_size(), local_rank, cpu_group)
    finally:
        with contextlib.suppress(Exception):  # after a failure the others may be gone already
            dist.destroy_process_group()
