"""A training step that is recorded once as a CUDA graph and replayed.

Small networks spend most of a step launching kernels; a replay launches them all at once: on an
H100 three times as many images a second (benchmarks/README.md). Off unless the environment has
`CNN_CUDA_GRAPHS=1`. Source of the method: PyTorch's notes on CUDA semantics, "whole network
capture".
"""

from __future__ import annotations

import os
from collections.abc import Callable

import torch
from torch import Tensor

WARM_UP_STEPS = 3

Step = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def is_enabled(device: torch.device, optimizer: str, processes: int) -> bool:
    """Whether to record steps. Only Adam and AdamW keep all their state on the device."""
    return (
        os.environ.get("CNN_CUDA_GRAPHS") == "1"
        and device.type == "cuda"
        and optimizer in ("adam", "adamw")
        and processes == 1
    )


class GraphedStep:
    """Calls `step(x, y) -> (loss, logits)` a few times, then records it and replays the record.

    The first steps are real ones, on a side stream as the recording demands. A batch of another
    size than the first (an epoch's last) is computed in the ordinary way.
    """

    def __init__(self, step: Step):
        self._step = step
        self._graph: torch.cuda.CUDAGraph | None = None
        self._shape: torch.Size | None = None
        self._warm = 0

    def __call__(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """One step on a batch."""
        self._shape = self._shape or x.shape
        if x.shape != self._shape:
            return self._step(x, y)
        if self._warm < WARM_UP_STEPS:
            self._warm += 1
            side, here = torch.cuda.Stream(), torch.cuda.current_stream()
            side.wait_stream(here)
            with torch.cuda.stream(side):
                result = self._step(x, y)
            here.wait_stream(side)
            return result
        if self._graph is None:
            self._x, self._y = x.clone(), y.clone()
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                self._loss, self._logits = self._step(self._x, self._y)
            self._graph = graph
        self._x.copy_(x)
        self._y.copy_(y)
        self._graph.replay()
        return self._loss.clone(), self._logits.clone()  # the next replay writes over them
