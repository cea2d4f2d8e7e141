"""Estimates of the memory that a training needs, from its architecture alone. Imports no torch."""

from __future__ import annotations

import math

from cnn.network import Architecture
from cnn.training.settings import OPTIMIZERS, Settings

# Of float32 numbers kept for each weight besides itself and its gradient.
OPTIMIZER_STATE = {"SGD": 1, "Adam": 2, "AdamW": 2, "RMSprop": 1, "Adadelta": 2, "Adagrad": 1}
SAFE_SHARE = 0.8
IMAGE_BYTES = 784
# What PyTorch takes for itself, beside the network: measured for the CPU, NVIDIA's order of
# magnitude for a GPU.
PYTORCH_MEMORY = 0.7e9


def optimizer_state(settings: Settings) -> int:
    """How many numbers the optimiser keeps for each weight, besides its gradient."""
    return OPTIMIZER_STATE[OPTIMIZERS[settings.optimizer].torch_name]


def activation_bytes(architecture: Architecture, bf16: bool) -> int:
    """Bytes that one training image takes while its gradients are computed.

    Every layer's output is kept for the backward pass, and so is its gradient: an upper bound,
    since layers that work in place keep less.
    """
    outputs = sum(math.prod(row.output_shape) for row in architecture.table() if row.output_shape)
    return outputs * 2 * (2 if bf16 else 4)


def estimate(
    architecture: Architecture, settings: Settings, images: int, batch_size: int, bf16: bool
) -> int:
    """Bytes for weights, gradients, optimiser, the data set (uint8), and one batch's activations.

    Without what PyTorch itself takes (`PYTORCH_MEMORY`).
    """
    copies = 2 + optimizer_state(settings)
    weights = architecture.parameters * 4 * copies
    return weights + images * IMAGE_BYTES + batch_size * activation_bytes(architecture, bf16)


# What PyTorch, CUDA's libraries and Metal say where there is no memory left, in lower case. cuDNN
# calls it an engine or algorithm that cannot be found: every one needs a workspace.
OUT_OF_MEMORY = (
    "out of memory",
    "allocate memory",
    "not enough memory",
    "cublas_status_alloc_failed",
    "cublas_status_not_initialized",  # its handle could not be allocated
    "cudnn_status_alloc_failed",
    "unable to find an engine to execute",
    "unable to find a valid cudnn algorithm",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device or the machine had no memory left."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(words in text for words in OUT_OF_MEMORY)


def largest_batch(architecture: Architecture, settings: Settings, free: int | None) -> int:
    """The batch size below the settings' own that should fit into `free` bytes: halved until it
    does; where `free` is not known, a quarter."""
    batch = max(1, settings.batch_size // (2 if free else 4))
    while free and batch > 1:
        # 70,000 images: the whole of MNIST. float32: the larger of the two.
        if estimate(architecture, settings, 70_000, batch, False) <= SAFE_SHARE * free:
            break
        batch //= 2
    return batch
