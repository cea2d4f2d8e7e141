"""What controls a running training, and the error that ends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class TrainingError(RuntimeError):
    """Training that cannot go on; the message says why and what to change.

    `suggested_settings` should work, for a button that tries again with them.
    """

    def __init__(self, message: str, **suggested_settings: float):
        super().__init__(message)
        self.suggested_settings = suggested_settings


class Control(Protocol):
    """What the user asks of a running training; read before every step."""

    @property
    def stop(self) -> bool:
        """Whether to end now, keeping what was learned."""

    @property
    def paused(self) -> bool:
        """Whether to wait."""

    @property
    def run_until(self) -> int:
        """The step up to which it trains although it is asked to wait; 0: none."""

    @property
    def until_epoch(self) -> int:
        """So many epochs it trains although it is asked to wait; 0: none."""

    @property
    def pace(self) -> float:
        """Seconds to rest after each step, for those who want to see it; 0: none."""

    @property
    def learning_rate(self) -> float | None:
        """A new peak learning rate, or None for the settings' own."""


@dataclass
class ManualControl:
    """A control whose values the caller sets."""

    stop: bool = False
    paused: bool = False
    run_until: int = 0
    until_epoch: int = 0
    pace: float = 0.0
    learning_rate: float | None = None
