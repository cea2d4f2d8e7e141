"""A training step that is recorded once as a CUDA graph and replayed.

Small networks spend most of a step launching kernels; a replay launches them all at once: on an
H100 three times as many images a second (benchmarks/README.md). Source of the method: PyTorch's
notes on CUDA semantics, "whole network capture".
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

WARM_UP_STEPS = 3

Step = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


class GraphedStep:
    """Calls `step(x, y) -> (loss, logits)` a few times, then records it and replays the record.

    The first steps are real ones, on a side stream as the recording demands. A batch of another
    size than `batch_size` (an epoch's last) is computed in the ordinary way. The network's
    GPU must be the process's current one: streams and recordings belong to that.
    """

    def __init__(self, step: Step, batch_size: int):
        self._step, self._batch_size = step, batch_size
        self._graph: torch.cuda.CUDAGraph | None = None
        self._warm = 0

    def __call__(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """One step on a batch."""
        if len(x) != self._batch_size:
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
