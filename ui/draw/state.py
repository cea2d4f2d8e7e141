"""What the Draw page keeps for a session besides its widgets' own values."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn.drawing import Prepared
from ui.shared import state
from ui.shared.plain_text import plain


@dataclass
class Turn:
    """One digit asked for, drawn and read."""

    asked: int
    read: int
    confidence: float
    seconds: float
    image: NDArray[np.float32]
    strokes: list[list[tuple[float, float]]]

    @property
    def is_right(self) -> bool:
        """Whether it was read as what was asked for."""
        return self.asked == self.read


@dataclass
class Game:
    """A session's game: not begun where `order` is empty, under way, or ended."""

    order: list[int] = field(default_factory=list)
    began: float = field(default_factory=time.time)
    turns: list[Turn] = field(default_factory=list)
    kept: bool = False

    @property
    def over(self) -> bool:
        """Whether all were drawn."""
        return len(self.turns) >= len(self.order)

    @property
    def score(self) -> int:
        """How many were read as what was asked for."""
        return sum(turn.is_right for turn in self.turns)


@dataclass
class DrawState:
    """What is looked at, the game, and what there is to say."""

    examples: int = 0  # how many were written
    digit: int = 0  # which of a number's digits is looked at
    game: Game = field(default_factory=Game)
    notice: str | None = None  # of the last click, to be shown once
    problem: str | None = None


def get() -> DrawState:
    """This session's."""
    return state.page(DrawState)


def chosen(found: list[Prepared]) -> int:
    """The index of the digit that is looked at."""
    return min(get().digit, len(found) - 1)


def show_messages() -> None:
    """Say what there is to say, once."""
    kept = get()
    if kept.notice:
        st.caption(kept.notice)
    if kept.problem:
        st.error(plain(kept.problem), icon=":material/error:")
    kept.notice = kept.problem = None
