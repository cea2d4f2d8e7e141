"""Logits of many images, in large batches and without gradients."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cnn.common.progress import Progress
from cnn.datasets import Preprocessing
from cnn.training.accelerators import Accelerator

EVALUATION_BATCH = 1000


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
    `accelerator` it computes in float32.
    """
    model.eval()
    if not len(images):  # one image tells how many classes there are
        blank = images.new_zeros(1, *images.shape[1:])
        return predict_logits(model, blank, preprocessing, accelerator)[:0]
    device = next(model.parameters()).device
    parts = []
    for begin in range(0, len(images), EVALUATION_BATCH):
        x = preprocessing(images[begin : begin + EVALUATION_BATCH].to(device))
        if accelerator is None:
            parts.append(model(x))
        else:
            with accelerator.autocast():
                parts.append(model(x))
        if progress:
            progress(min(1.0, (begin + EVALUATION_BATCH) / len(images)))
    return torch.cat(parts).float()
