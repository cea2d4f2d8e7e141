"""Dares: something to reach by building and training, each won by a run's own figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cnn.common.text import percent

BY_HEART = 0.9  # training accuracy below which nothing was learned that could be by heart
GAP = 0.05  # between training and validation accuracy: over-fitting that nobody overlooks
NOISE = 0.4  # share of wrong labels
SAVED_BY = 0.03  # of validation accuracy
FEWEST_HELD_OUT = 200  # images: an accuracy on fewer is a matter of luck, by points


@dataclass(frozen=True)
class Result:
    """What a run has reached. Accuracies in 0-1, None where it has none (yet); `train_accuracy`
    and `validation_accuracy` are of its last epoch.

    `twin`: the same for runs that differ in dropout and seed alone. `steered`: its learning rate
    was moved while it trained, which can spoil any network.
    """

    parameters: int
    twin: str = ""
    label_noise: float = 0.0
    dropout: float = 0.0
    held_out: int = 0
    finished: bool = False
    steered: bool = False
    train_accuracy: float | None = None
    validation_accuracy: float | None = None
    test_accuracy: float | None = None

    @property
    def is_fair(self) -> bool:
        """Whether its accuracies say what a network has learned."""
        return self.held_out >= FEWEST_HELD_OUT and not self.steered


@dataclass(frozen=True)
class Verdict:
    """Whether a dare is won, and how far it has come, in words."""

    won: bool
    text: str


@dataclass(frozen=True)
class Dare:
    """`check` judges by all runs of a session, the newest first; `hint` says how to begin."""

    name: str
    title: str
    hint: str
    check: Callable[[Sequence[Result]], Verdict]


def _small(results: Sequence[Result]) -> Verdict:
    small = [r for r in results if r.parameters < 10_000 and r.test_accuracy is not None]
    best = max((r.test_accuracy or 0.0 for r in small), default=None)
    if best is None:
        return Verdict(False, "No finished run with under 10,000 parameters yet.")
    return Verdict(best >= 0.99, f"Best so far with under 10,000 parameters: {percent(best, 2)}.")


def _over_fit(results: Sequence[Result]) -> Verdict:
    gaps = [
        r.train_accuracy - r.validation_accuracy
        for r in results
        if r.train_accuracy is not None
        and r.validation_accuracy is not None
        and r.train_accuracy >= BY_HEART
        and r.is_fair
    ]
    if not gaps:
        return Verdict(
            False,
            f"No run yet that reads {percent(BY_HEART, 0)} of its own training images, with "
            f"{FEWEST_HELD_OUT} validation images or more and an untouched learning rate.",
        )
    widest = max(gaps)
    text = f"Widest gap between training and validation accuracy so far: {100 * widest:.1f} points"
    return Verdict(widest >= GAP, f"{text}; 5 win.")


def _saved(results: Sequence[Result]) -> Verdict:
    noisy = [
        r
        for r in results
        if r.label_noise >= NOISE and r.validation_accuracy is not None and r.finished and r.is_fair
    ]
    broken = [r for r in noisy if not r.dropout]
    if not broken:
        return Verdict(False, "First train with 40% wrong labels and no dropout, to the end.")
    pairs = [
        ((with_.validation_accuracy or 0.0) - (without.validation_accuracy or 0.0), without, with_)
        for without in broken
        for with_ in noisy
        if with_.dropout and with_.twin == without.twin
    ]
    if not pairs:
        worst = min(r.validation_accuracy or 0.0 for r in broken)
        text = f"Broken: {percent(worst)} of the validation images."
        return Verdict(False, f"{text} Now the same network, images and epochs with dropout.")
    gain, without, with_ = max(pairs, key=lambda pair: pair[0])
    shares = [percent(result.validation_accuracy or 0.0) for result in (without, with_)]
    text = f"{shares[0]} without dropout, {shares[1]} "
    return Verdict(gain >= SAVED_BY, f"{text}with it: {100 * gain:+.1f} points; 3 win.")


DARES = (
    Dare(
        "small",
        "99% with under 10,000 parameters",
        "Fewer filters and blocks, more epochs. Parameters stand beside the network's name.",
        _small,
    ),
    Dare(
        "over-fit",
        "Make it over-fit",
        "Give it few training images and many epochs: it learns them by heart.",
        _over_fit,
    ),
    Dare(
        "noise",
        "Break it with 40% wrong labels, then save it with dropout",
        "Wrong labels to 40%, some thousand training images, many epochs; then dropout up.",
        _saved,
    ),
)
