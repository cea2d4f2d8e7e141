"""Over-fitting: how far training and validation are apart, and what to try next. Imports no torch.

The test set has no part in it: what is tried next is chosen by validation images only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cnn.common.text import percent, plural
from cnn.network import Architecture
from cnn.network.layers import Dropout
from cnn.network.suggested_fixes import SIZES, with_layer
from cnn.runs import Config, EpochRow

OVER_FITTING_GAP = (
    0.015  # between training and validation accuracy, from which on it is called over-fitting
)
RISE = 1.1  # of the validation loss above its lowest, from which on it is called rising
UNLEARNED = 0.97  # training accuracy below which the network has not even learned what it was shown


@dataclass(frozen=True)
class OverFitting:
    """How a run over-fits by the end of its last epoch, in words; `over` and `under` say whether it
    does, or has rather learned too little. `gap` is that of the accuracies, in 0-1."""

    text: str
    gap: float
    over: bool
    under: bool
    best_loss_epoch: int | None  # whose validation loss was the lowest


@dataclass(frozen=True)
class NextTry:
    """One thing to try next: a button's label, why, and what is changed of the run."""

    label: str
    about: str
    settings: dict[str, float | None] = field(default_factory=dict)
    architecture: Architecture | None = None


def over_fitting(rows: Sequence[EpochRow]) -> OverFitting | None:
    """What the epochs say; None where no images were held out, or no epoch has ended."""
    known = [
        (row, accuracy, loss)
        for row in rows
        if (accuracy := row["validation_accuracy"]) is not None
        and (loss := row.get("validation_loss")) is not None
    ]
    if not known:
        return None
    last, validation, loss = known[-1]
    best, _, lowest = min(known, key=lambda one: one[2])
    train = last["train_accuracy"]
    gap, rising = train - validation, loss > RISE * lowest
    words = f"{percent(train)} of its training images and {percent(validation)} of images held out"
    if gap > OVER_FITTING_GAP:
        text = f"It over-fits: it reads {words}, a gap of {100 * gap:.1f} points."
    elif rising:
        text = f"It begins to over-fit: it reads {words}."
    else:
        text = f"No over-fitting in sight: it reads {words}."
    if rising:
        text += (
            f" The validation loss was lowest after epoch {best['epoch']} and has risen since: the "
            "network grows more certain of its mistakes."
        )
    over = gap > OVER_FITTING_GAP or rising
    return OverFitting(text, gap, over, not over and train < UNLEARNED, best["epoch"])


def next_tries(config: Config, found: OverFitting | None) -> list[NextTry]:
    """What to try next, the most promising first: against over-fitting, or where a network has
    learned too little, for more of it."""
    if found and found.under:
        return list(_for_more(config))
    return [*_by_settings(config), *_by_network(config)]


def _by_settings(config: Config) -> Iterator[NextTry]:
    settings = config.settings
    if settings.train_images is not None:
        about = (
            "The best measure there is: what is seen more often in variety is not learned by heart."
        )
        yield NextTry("All training images", about, {"train_images": None})
    if config.reads_digits and settings.handwriting < 1:
        strength = 0.5 if settings.handwriting < 0.5 else 1.0
        about = "Varies every training image as hands and pens do, anew in each epoch."
        yield NextTry(f"Handwriting {strength:g}", about, {"handwriting": strength})
    elif not settings.augments:
        about = "Moves and turns every training image a little, anew in each epoch."
        yield NextTry("Augmentation", about, {"shift": 2.0, "rotation": 8.0})
    more = min(1.0, max(0.01, 5 * settings.weight_decay))
    if more > settings.weight_decay:
        about = "Pulls every weight towards zero: smoother networks."
        yield NextTry(f"Weight decay {more:g}", about, {"weight_decay": more})
    if not settings.early_stopping and config.validation_images and settings.epochs > 3:
        about = "Ends when the validation loss no longer falls, and keeps the best epoch's weights."
        yield NextTry("Early stopping", about, {"early_stopping": 3})


def _by_network(config: Config) -> Iterator[NextTry]:
    if config.start_from is not None:  # its first weights are of this network
        return
    architecture = config.architecture
    dropout = _with_dropout(architecture)
    if dropout is not None:
        rate = next(x.rate for x in reversed(dropout.layers) if isinstance(x, Dropout))
        about = "Switches features off at random while training: none can rely on another."
        yield NextTry(f"Dropout {rate:g}", about, architecture=dropout)
    smaller = _resized(architecture, 0.5)
    if smaller is not None:
        share = smaller.parameters / architecture.parameters
        about = (
            f"Half the filters and units, {percent(share, 0)} of the parameters: less to learn by "
            "heart."
        )
        label = f"{smaller.parameters:,} parameters"
        yield NextTry(label, about, architecture=smaller)


def _for_more(config: Config) -> Iterator[NextTry]:
    epochs = min(200, 2 * config.settings.epochs)
    if epochs > config.settings.epochs:
        about = "It had not yet learned what it was shown."
        yield NextTry(plural(epochs, "epoch"), about, {"epochs": epochs})
    if config.start_from is None and (larger := _resized(config.architecture, 2)) is not None:
        about = "Twice the filters and units: more to learn with."
        yield NextTry(f"{larger.parameters:,} parameters", about, architecture=larger)


def _with_dropout(architecture: Architecture) -> Architecture | None:
    """The network with dropout before its classifier, or with more of the one it has."""
    layers = architecture.layers
    known = [(n, x.rate) for n, x in enumerate(layers, 1) if isinstance(x, Dropout) and x.enabled]
    if not known:
        changed = architecture.changed(layers=(*layers, Dropout(rate=0.3)))
    elif known[-1][1] < 0.6:
        number, rate = known[-1]
        changed = with_layer(architecture, number, rate=round(rate + 0.2, 2))
    else:
        return None
    return None if changed.problem() else changed


def _resized(architecture: Architecture, factor: float) -> Architecture | None:
    """The network with all filters and units times `factor`; None where that cannot work, or
    nothing is left to change."""
    changed = architecture
    for number, layer in enumerate(architecture.layers, 1):
        for name in SIZES:
            if size := getattr(layer, name, None):
                try:
                    new = max(1, round(size * factor))
                    changed = with_layer(changed, number, **{name: new})
                except ValueError:  # beyond what the field allows
                    return None
    return None if changed == architecture or changed.problem() else changed
