"""What the Evaluate page keeps for a session."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from cnn.runs import Run
from ui.shared import state

GALLERY = 27


@dataclass
class RunChoices:
    """What is chosen of one run: the epoch (None: the newest weights), and a cell of the confusion
    matrix as (truth, prediction)."""

    epoch: int | None = None
    cell: tuple[int, int] | None = None


@dataclass
class EvaluateState:
    """Everything the page keeps."""

    runs: defaultdict[str, RunChoices] = field(default_factory=lambda: defaultdict(RunChoices))
    shown: defaultdict[str, int] = field(default_factory=lambda: defaultdict(lambda: GALLERY))
    section: str | None = None  # the one shown last
    left_at: str | None = None  # the image's box from which Inspect was opened


def evaluate_state() -> EvaluateState:
    """This session's."""
    return state.page(EvaluateState)


def choices_of(run: Run) -> RunChoices:
    """What is chosen of a run."""
    return evaluate_state().runs[run.id]
