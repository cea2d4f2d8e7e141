"""What steers a running training, and how one says that it cannot go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


class TrainingError(RuntimeError):
    """Training that cannot go on; the message says why and what to change.

    `suggested_settings` should work, for a button that tries again with them.
    """

    def __init__(self, message: str, **suggested_settings: Any):
        super().__init__(message)
        self.suggested_settings = suggested_settings


class Control(Protocol):
    """What steers a running training; asked before every step."""

    @property
    def stop(self) -> bool:
        """Whether to end now, keeping what was learned."""

    @property
    def paused(self) -> bool:
        """Whether to wait."""

    @property
    def learning_rate(self) -> float | None:
        """A new peak learning rate, or None for the settings' own."""


@dataclass
class Steer:
    """The plainest control: three values that anyone may set."""

    stop: bool = False
    paused: bool = False
    learning_rate: float | None = None
