"""What a run shows of itself about once a second: guesses, filters, a quick check."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cnn.common.files import write_json
from cnn.datasets import Images
from cnn.runs.records import Check, Live
from cnn.runs.run import Run
from cnn.training.trainer import Trainer

LIVE_FILTERS = 64
CHECK_IMAGES = 500  # held-out images: a step of 0.2% in accuracy
WRONG_SHOWN = 12


def quick_check(trainer: Trainer, classes: int) -> Check | None:
    """How the network does on the first held-out images; None where none are held out.

    In evaluation mode afterwards.
    """
    x, y = trainer.validation_x[:CHECK_IMAGES], trainer.validation_y[:CHECK_IMAGES]
    if not len(x):
        return None
    probabilities = trainer.logits(x).softmax(1)
    shares, guesses = (values.cpu() for values in probabilities.max(dim=1))
    truths = y.cpu()
    confusion = torch.zeros(classes, classes, dtype=torch.long)
    confusion.index_put_((truths, guesses), torch.ones(len(truths), dtype=torch.long), True)
    wrong = torch.nonzero(guesses != truths).flatten()
    shown = wrong[shares[wrong].argsort(descending=True)][:WRONG_SHOWN]
    pictures = x[shown.to(x.device)].cpu().tolist()
    return {
        "images": len(truths),
        "accuracy": round(1 - len(wrong) / len(truths), 4),
        "confusion": confusion.tolist(),
        "wrong": [
            {
                "image": picture,
                "truth": int(truths[i]),
                "guess": int(guesses[i]),
                "share": round(float(shares[i]), 4),
            }
            for i, picture in zip(shown.tolist(), pictures, strict=True)
        ],
    }


def write_live(
    run: Run,
    model: nn.Module,
    images: Images,
    index: list[int],
    probabilities: Tensor,
    step: int,
    check: Check | None = None,
) -> None:
    """Write `live.json`: what the network makes of the test images `index`, as `probabilities`
    `(len(index), classes)`, its first filters, and how it does on some held-out images."""
    values: Live = {
        "step": step,
        "index": index,
        "labels": images.test_labels[index].tolist(),
        "images": images.test_images[index].tolist(),
        "probabilities": [[round(p, 4) for p in row] for row in probabilities.tolist()],
        "filters": first_filters(model),
    }
    if check:
        values["check"] = check
    write_json(run.files.live, values)


def first_filters(model: nn.Module) -> list[list[list[float]]]:
    """The first conv layer's filters, float `(filters, k, k)` of its first input channel."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            filters = module.weight.detach()[:LIVE_FILTERS, 0].float().cpu()
            return [[[round(v, 4) for v in row] for row in f] for f in filters.tolist()]
    return []


def one_of_each(labels: Tensor) -> list[int]:
    """The index of the first test image of each class."""
    return [int(torch.nonzero(labels == label)[0]) for label in labels.unique().tolist()]
