"""What Inspect keeps for a session that is not one widget's value."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cnn.runs import Run
from ui.shared import state

if TYPE_CHECKING:
    from cnn.inspection.surgery import Edit


@dataclass
class Choice:
    """What is chosen: a layer (0 is the image), one of its maps or units, one of its pixels.

    `version` counts choices made by a click in a picture. It is part of the keys of the widgets
    that show the choice, which are made anew then.
    """

    layer: int = 0
    channel: int = 0
    row: int = 0
    column: int = 0
    version: int = 0
    follows_guess: bool = False  # the score of whichever class is read, until another is chosen


@dataclass
class RunChoices:
    """What is chosen in one run."""

    choice: Choice | None = None
    epoch: int | None = None  # None: the newest weights
    convolution: int | None = None  # index among the network's convolutions
    filters: dict[int, int] = field(default_factory=dict)  # the filter chosen in each of them
    edits: list[Edit] = field(default_factory=list)  # surgery, oldest first


@dataclass
class EpochPlayer:
    """The epochs played one after the other; `version` names the slider, which is made anew."""

    playing: bool = False
    ticked: float = 0.0  # time.monotonic() of its last step
    version: int = 0


@dataclass
class InspectState:
    """Everything the page keeps, in `state.page(InspectState)`."""

    runs: dict[str, RunChoices] = field(default_factory=dict)
    player: EpochPlayer = field(default_factory=EpochPlayer)
    started: dict[str, Hashable] = field(default_factory=dict)  # long work: name to key
    stopped: dict[str, Hashable] = field(default_factory=dict)


def inspect_state() -> InspectState:
    """This session's."""
    return state.page(InspectState)


def choices_in(run: Run) -> RunChoices:
    """What is chosen in a run."""
    return inspect_state().runs.setdefault(run.id, RunChoices())
