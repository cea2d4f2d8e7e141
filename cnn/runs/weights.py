"""A run's weights: read from its files, loaded into a network; and its test set's probabilities."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from cnn.common.files import write_tensors
from cnn.common.progress import Progress
from cnn.datasets import Images
from cnn.runs.files import When
from cnn.runs.first_filter import FirstFilter
from cnn.runs.run import Run, RunError
from cnn.training.accelerators import Accelerator
from cnn.training.inference import predict_logits


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors in a file, also of an older run, by the names that modules have today."""
    return {name.replace(".around.", ".shortcut."): t for name, t in load_file(path).items()}


def old_name(tensor: str) -> str:
    """The name of a tensor in the files of older runs, where a shortcut was called `around`."""
    return tensor.replace(".shortcut.", ".around.")


def load_model(run: Run, when: When | None = None, device: str = "cpu") -> nn.Module:
    """The run's network with the weights after an epoch or an early step (None: the newest), ready
    to predict.

    Raises RunError where the weights are missing, damaged or of another network.
    """
    path = run.weights_path(when)
    with torch.device("meta"):  # no random weights: sessions share torch's random state
        model = run.config.architecture.build()
    try:
        tensors = read_tensors(path)
        model.to_empty(device="cpu").load_state_dict(tensors)
    except Exception as error:
        raise RunError(
            f"The weights in {path.name} of '{run.name}' are damaged or belong to another network."
        ) from error
    if not all(tensor.isfinite().all() for tensor in model.state_dict().values()):
        raise RunError(
            f"The weights in {path.name} of '{run.name}' hold numbers that are not finite: nothing "
            "can be read with them. Train it again, with a smaller learning rate."
        )
    return model.eval().to(device)


def set_first_filter(model: nn.Module, rows: FirstFilter) -> None:
    """Give filter 0 of the first convolution these weights on its first input map."""
    first = next(module for module in model.modules() if isinstance(module, nn.Conv2d))
    with torch.no_grad():
        first.weight[0, 0] = torch.tensor(rows, dtype=first.weight.dtype)


def logits_of(
    run: Run, model: nn.Module, images: Tensor, progress: Progress | None = None
) -> Tensor:
    """The logits float32 `(N, classes)` of a run's network for images `(N, 28, 28)`, uint8 (0-255)
    or float (0-1). Raises RunError where they are not finite."""
    logits = predict_logits(model, images, run.preprocessing, progress=progress)
    if not logits.isfinite().all():
        raise RunError(
            f"'{run.name}' gives answers that are not finite numbers: its weights are far too "
            "large. Train it again, with a smaller learning rate."
        )
    return logits


def score_test_set(
    run: Run,
    images: Images,
    accelerator: Accelerator | None = None,
    progress: Progress | None = None,
) -> float:
    """The accuracy of the newest weights on the test set; its probabilities are kept with the run.

    In full float32 whatever the training computed in: so do Inspect, Draw, and every network that
    is taken away, and a number read at the end of a training in bf16 on a GPU is found again by
    `python -m cnn evaluate` on the CPU, which stands for no `accelerator`. Raises RunError.
    """
    accelerator = accelerator or Accelerator(torch.device("cpu"))
    model = load_model(run, device=str(accelerator.device))
    with accelerator.full_float32():
        logits = logits_of(run, model, images.test_images, progress)
    probabilities = logits.softmax(1).cpu()
    if not run.is_example:  # which has its own
        write_tensors(run.files.test_probabilities, {"probabilities": probabilities})
    return float((probabilities.argmax(1) == images.test_labels).float().mean())
