"""What Play keeps for a session besides the network and the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from cnn.runs.on_stage import FIRST_CLASS
from ui.shared import state

Speed = Literal["full", "slow", "steps"]
PACES: dict[Speed, float] = {"full": 0.0, "slow": 0.2, "steps": 1.0}  # seconds after each step
SPEEDS: dict[Speed, str] = {"full": "Full", "slow": "5 steps/s", "steps": "1 step/s"}


@dataclass
class PlayState:
    """`image`: which class's test image goes in; `drawn`: the drawing does instead, while there is
    one; `strokes`: how many it had when that was decided; `begun`: the runs begun in
    this tab, by id."""

    image: int = FIRST_CLASS
    drawn: bool = False
    strokes: int = 0
    speed: Speed = "full"
    begun: list[str] = field(default_factory=list)
    changed: bool = False  # what stands outside the desk must follow
    turns: int = 0  # how much of the session's `version` comes from knobs turned here
    visit: int = -1  # the page visit for which the address was read


def get() -> PlayState:
    """This session's."""
    return state.page(PlayState)
