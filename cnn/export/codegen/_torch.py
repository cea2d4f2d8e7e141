"""A PyTorch script: one file with network, data and training loop, needing torch and torchvision.

The few modules that torch lacks, and the augmentation, are copied from the app's own source, so
that the script cannot drift from what the app does. That source needs torch, which is imported when
a script is made.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from cnn.export.codegen import script
from cnn.export.codegen._augment import augment_source
from cnn.network import Architecture
from cnn.runs.first_filter import FirstFilter
from cnn.training import OPTIMIZERS, Settings

if TYPE_CHECKING:
    from cnn.datasets import Preprocessing


def pytorch(
    architecture: Architecture,
    settings: Settings,
    preprocessing: Preprocessing,
    dataset: str = "mnist",
    title: str = "My network",
    first_filter: FirstFilter | None = None,
) -> str:
    """A self-contained training script of exactly this network.

    It fetches the data through torchvision, trains as the settings say in float32 (on a GPU where
    there is one), prints each epoch's accuracy, and keeps the weights in `weights.pt`. With a
    `first_filter` its first layer starts from that. Raises ArchitectureError where the network
    cannot work.
    """
    data = script.source_dataset(dataset)
    early = bool(settings.early_stopping)
    schedule = script.SCHEDULES[settings.schedule]
    math = "math." in schedule or settings.augments or early
    return _SCRIPT.format(
        **script.head(architecture, title),
        data=data.label,
        note=script.data_notes(dataset, settings),
        math="import math\n" if math else "",
        namespace="from types import SimpleNamespace\n" if settings.augments else "",
        reader=data.torchvision_name,
        constants=_constants(settings, preprocessing, dataset)
        + script.first_filter_constant(first_filter),
        model=_model(architecture),
        start=_START if first_filter else "",
        prepare=_PREPARE,
        augment=augment_source(settings) if settings.augments else "",
        schedule=schedule.replace("(progress)", "(progress: float) -> float"),
        optimizer=_optimizer(settings),
        batch=_BATCH_AUGMENTED if settings.augments else _BATCH,
        before_early_stopping=_BEFORE_EARLY_STOPPING if early else "",
        early_stopping=_EARLY_STOPPING if early else "",
        after_early_stopping=_AFTER_EARLY_STOPPING if early else "",
        smoothing=", label_smoothing=LABEL_SMOOTHING" if settings.label_smoothing else "",
    )


def model_source(
    architecture: Architecture, preprocessing: Preprocessing, title: str = "My network"
) -> str:
    """A module with `make_model()` and `prepare(images)`: the network without its training."""
    parts = script.head(architecture, title)
    model = _model(architecture)
    return _MODULE.format(
        **parts,
        functional="import torch.nn.functional as F\n" if "F." in model else "",
        normalisation=script.mean_and_std(preprocessing),
        model=model,
        prepare=_PREPARE,
    )


def _model(architecture: Architecture) -> str:
    """The classes that torch lacks, and `make_model`."""
    from cnn.network import modules

    layers = script.layer_lines(architecture, keras=False)
    helpers = (name for layer in architecture.all_layers for name in layer.torch_helpers)
    needed = [name for name in dict.fromkeys(helpers) if f"{name}(" in layers]
    parts = "".join(f"{inspect.getsource(getattr(modules, name))}\n\n" for name in needed)
    return parts + _MAKE_MODEL.format(layers=layers)


def _constants(settings: Settings, preprocessing: Preprocessing, dataset: str) -> str:
    more = [f"WEIGHT_DECAY = {settings.weight_decay!r}"]
    if settings.label_smoothing:
        more.append(f"LABEL_SMOOTHING = {settings.label_smoothing!r}")
    text = script.constants(settings, preprocessing, dataset, more)
    if settings.early_stopping:
        note = "epochs without a lower validation loss"
        text += f"\nEARLY_STOPPING = {settings.early_stopping}  # {note}"
    return text


def _optimizer(settings: Settings) -> str:
    choice = OPTIMIZERS[settings.optimizer]
    return (
        f"torch.optim.{choice.torch_name}(\n        model.parameters(), lr=LEARNING_RATE, "
        f"weight_decay=WEIGHT_DECAY{script.arguments(choice.arguments)}\n    )"
    )


_MAKE_MODEL = '''\
def make_model() -> nn.Sequential:
    """The network: float32 images (N, 1, 28, 28), normalised, to logits (N, classes)."""
    return nn.Sequential(
{layers}
    )
'''

_START = """\
    first = next(module for module in model.modules() if isinstance(module, nn.Conv2d))
    with torch.no_grad():
        first.weight[0, 0] = torch.tensor(FIRST_FILTER)
"""

_PREPARE = '''\
def prepare(images: Tensor) -> Tensor:
    """Images (N, 28, 28) as bytes, ink bright, to the network's input (N, 1, 28, 28)."""
    return (images.float().unsqueeze(1) - MEAN * 255) / (STD * 255)
'''

_BATCH = """\
            x, y = prepare(images[index]), labels[index]
"""
_BATCH_AUGMENTED = """\
            x, y = augment(prepare(images[index]), AUGMENTATION, fill=-MEAN / STD), labels[index]
"""

# Early stopping, for settings that ask for it: the best epoch's weights are kept.
_BEFORE_EARLY_STOPPING = """\
    best_loss, best_epoch, best_weights = math.inf, 0, model.state_dict()
"""
_EARLY_STOPPING = """\
        if loss < best_loss:
            best_loss, best_epoch = loss, epoch
            best_weights = {name: value.clone() for name, value in model.state_dict().items()}
        elif epoch - best_epoch >= EARLY_STOPPING:
            print(f"stopped early: epoch {best_epoch + 1} was the best")
            break
"""
_AFTER_EARLY_STOPPING = """\
    model.load_state_dict(best_weights)
"""

_MODULE = '''\
"""{title}: the network and the preparation of its images.

{facts}. Written by the CNN playground.
"""

{functional}from torch import Tensor, nn

{normalisation}, as the network was trained


{model}

{prepare}'''

_SCRIPT = '''\
"""{title} on {data}: the network, its data and its training in one file.

    pip install torch torchvision
    python train.py

{facts}. Written by the CNN playground.
{note}"""

{math}import time
{namespace}
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.datasets import {reader}

{constants}
DATA_DIR = "data"
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


{model}

{prepare}

{augment}{schedule}

@torch.inference_mode()
def evaluate(model: nn.Module, images: Tensor, labels: Tensor) -> tuple[float, float]:
    """The mean loss and the accuracy over images."""
    model.eval()
    logits = torch.cat([model(prepare(part)) for part in images.split(1000)])
    accuracy = (logits.argmax(dim=1) == labels).float().mean()
    return F.cross_entropy(logits, labels).item(), accuracy.item()


def main() -> None:
    """Train, and print the accuracy after each epoch."""
    torch.manual_seed(SEED)
    model = make_model().to(DEVICE)
{start}    optimizer = {optimizer}

    # The whole data set lives on the device; a batch is an index into it.
    train = {reader}(DATA_DIR, train=True, download=True)
    test = {reader}(DATA_DIR, train=False, download=True)
    images, labels = train.data.to(DEVICE), train.targets.to(DEVICE)
    shuffled = torch.randperm(len(images), generator=torch.Generator().manual_seed(SEED))
    held_out, kept = shuffled[:VALIDATION_IMAGES], shuffled[VALIDATION_IMAGES:]

    full, rest = divmod(len(kept), BATCH_SIZE)
    steps_per_epoch = full + (rest > 1) if full else 1  # batch norm needs two images
    step, total_steps = 0, steps_per_epoch * EPOCHS
{before_early_stopping}    for epoch in range(EPOCHS):
        began, total_loss = time.perf_counter(), 0.0
        generator = torch.Generator().manual_seed(SEED * 1_000_003 + epoch)
        order = kept[torch.randperm(len(kept), generator=generator)].to(DEVICE)
        model.train()
        for index in order.split(BATCH_SIZE)[:steps_per_epoch]:
            for group in optimizer.param_groups:
                group["lr"] = LEARNING_RATE * schedule(step / total_steps)
{batch}            loss = F.cross_entropy(model(x), y{smoothing})
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total_loss += loss.detach()
            step += 1
        line = f"epoch {{epoch + 1}}: loss {{total_loss / steps_per_epoch:.4f}}"
        if VALIDATION_IMAGES:
            loss, accuracy = evaluate(model, images[held_out], labels[held_out])
            line += f", validation accuracy {{accuracy:.2%}}"
        print(f"{{line}}, {{time.perf_counter() - began:.1f}} s")
{early_stopping}
{after_early_stopping}    test_images, test_labels = test.data.to(DEVICE), test.targets.to(DEVICE)
    _, accuracy = evaluate(model, test_images, test_labels)
    print(f"test accuracy {{accuracy:.2%}}")
    torch.save(model.state_dict(), "weights.pt")


if __name__ == "__main__":
    main()
'''
