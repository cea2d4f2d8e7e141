"""Which epochs' weights a run keeps, and what it takes on disk. Imports no torch."""

from __future__ import annotations

import math
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path

from cnn.network import Architecture
from cnn.runs.files import EARLY_STEPS, RunFiles, When
from cnn.runs.folders import runs_dir
from cnn.training import Settings, memory

MOST_KEPT = 42  # first, best and last among them: more than a slider's width can tell apart
FEWEST_KEPT = 5  # so many even where each is large
BUDGET_BYTES = 1_000_000_000  # of all epochs' weights together, as far as FEWEST_KEPT allows
EARLY_BYTES = 4_000_000  # of one early step's weights, at most: larger ones are not kept
OTHER_BYTES = 4_000_000  # metrics, log, test probabilities, live guesses
STATE_COPIES = 2  # the state to resume from: the old one goes when the new one is whole
NEWEST_COPIES = 2  # the newest weights, likewise


def kept_epochs(
    epochs: Iterable[int], needed: Collection[int] = (), most: int = MOST_KEPT
) -> list[int]:
    """Which of `epochs` to keep, ascending: at most `most` of them, evenly spread.

    The first, the last and those `needed` (such as the best) always stay, also where they are more
    than `most`. Called after every epoch with what is left, the spread stays even: the epoch that
    goes is always the one whose neighbours are nearest to each other.
    """
    kept = sorted(set(epochs))
    while len(kept) > most:
        gaps = [
            (after - before, place)
            for place, (before, epoch, after) in enumerate(
                zip(kept, kept[1:], kept[2:], strict=False), start=1
            )
            if epoch not in needed
        ]
        if not gaps:
            break
        del kept[min(gaps)[1]]
    return kept


def most_kept(bytes_each: int) -> int:
    """How many epochs' weights of that size are kept."""
    return min(MOST_KEPT, max(FEWEST_KEPT, BUDGET_BYTES // max(bytes_each, 1)))


def prune(files: RunFiles, needed: Collection[int]) -> None:
    """Delete the weights of the epochs that are not kept; those `needed` stay."""
    epochs = files.checkpoint_epochs()
    if not epochs:
        return
    size = files.checkpoint(epochs[-1]).stat().st_size
    for epoch in set(epochs) - set(kept_epochs(epochs, needed, most_kept(size))):
        files.checkpoint(epoch).unlink(missing_ok=True)


def early_steps(architecture: Architecture) -> tuple[int, ...]:
    """After which steps, if they are within the first epoch, the weights are kept: most is learned
    there. None where they are large."""
    return EARLY_STEPS if architecture.parameters * 4 <= EARLY_BYTES else ()


def drop_after(files: RunFiles, epoch: int, step: int) -> None:
    """Delete the weights of later epochs and steps: a run that goes on from `step`, when `epoch`
    epochs were done, makes them anew."""
    later: list[When] = [kept for kept in files.checkpoint_epochs() if kept > epoch]
    later += [early for early in files.early_steps() if early.number > step]
    for when in later:
        files.checkpoint(when).unlink(missing_ok=True)


def nearest(epochs: Collection[int], wanted: int) -> int | None:
    """The kept epoch nearest to `wanted`, which may not be kept any more; None without any."""
    return min(epochs, key=lambda epoch: abs(epoch - wanted), default=None)


def disk_needed(architecture: Architecture, settings: Settings) -> int:
    """Bytes that a run takes on disk while it trains, at most: the epochs that it keeps, the newest
    weights, those of a few early steps, and the state to resume from."""
    weights = architecture.parameters * 4
    checkpoints = min(most_kept(weights), settings.epochs + 1) + 1  # one before another goes
    state = 1 + memory.optimizer_state(settings)
    early = len(early_steps(architecture))
    copies = checkpoints + early + NEWEST_COPIES + STATE_COPIES * state
    return math.ceil(weights * copies) + OTHER_BYTES


def disk_free(folder: Path | None = None) -> int | None:
    """Bytes that are free where the runs are kept; None where that cannot be told."""
    place = (folder or runs_dir()).absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        return shutil.disk_usage(place).free
    except OSError:
        return None
