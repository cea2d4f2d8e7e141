"""Logits of many images, in large batches and without gradients."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cnn.common.progress import Progress
from cnn.datasets import Preprocessing
from cnn.training.accelerators import Accelerator

EVALUATION_BATCH = 1000
# On a CPU the maps of a batch should stay below the 32 MB that the allocator keeps, and near the
# caches: with all 1,000 Compact CNN takes 2.5 times as long (benchmarks/README.md).
CPU_BATCH = 125


def batch_size(device: torch.device) -> int:
    """How many images `predict_logits` computes at a time there."""
    return CPU_BATCH if device.type == "cpu" else EVALUATION_BATCH


@torch.inference_mode()
def predict_logits(
    model: nn.Module,
    images: Tensor,
    preprocessing: Preprocessing,
    accelerator: Accelerator | None = None,
    progress: Progress | None = None,
) -> Tensor:
    """Logits float32 `(N, classes)` of images `(N, 28, 28)`, on the model's own device.

    Images are uint8 (0-255) or float (0-1). The model is left in evaluation mode. Without an
    `accelerator` it computes in float32, on a CPU with the kernels laid out as "channels last",
    which halves the time there, and leaves them so.
    """
    model.eval()
    if not len(images):  # one image tells how many classes there are
        blank = images.new_zeros(1, *images.shape[1:])
        return predict_logits(model, blank, preprocessing, accelerator)[:0]
    device = next(model.parameters()).device
    size = batch_size(device)
    if device.type == "cpu" and accelerator is None:  # a training's own layout is not touched
        with torch.inference_mode(False):  # they stay parameters that gradients can be taken of
            model = model.to(memory_format=torch.channels_last)
    parts = []
    for begin in range(0, len(images), size):
        x = preprocessing(images[begin : begin + size].to(device))
        if accelerator is None:
            parts.append(model(x))
        else:
            with accelerator.autocast():
                parts.append(model(x))
        if progress:
            progress(min(1.0, (begin + size) / len(images)))
    return torch.cat(parts).float()
