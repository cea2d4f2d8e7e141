"""A sheet's drawings as steps that can be taken back, whatever the browser's part of it forgets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MOST_STEPS = 60
EMPTY: dict[str, Any] = {"objects": []}


@dataclass
class Sheet:
    """The drawings of a session, as steps that can be taken back."""

    steps: list[dict[str, Any]] = field(default_factory=lambda: [EMPTY])
    at: int = 0
    shown: dict[str, Any] = field(default_factory=lambda: EMPTY)
    turn: int = 0  # counts what we handed to the component, so that it takes the same one twice
    seen: Any = None  # the component's last word: only a new one is news
    gone: list[Any] = field(default_factory=list)  # paths of steps that were dropped
    heard: bool = True  # whether the component has what we handed it last
    place: tuple[int, str] = (-1, "")  # the visit and the part of the page it was last shown in
    mount: int = 0

    @property
    def now(self) -> dict[str, Any]:
        """The drawing as it is."""
        return self.steps[self.at]

    def drew(self, drawing: dict[str, Any]) -> None:
        """Take the strokes that are new in the component's word, if it says anything new.

        A pen only adds. Where strokes of ours are missing, the component was laid anew under the
        hand; where there are some that we took back, it has not heard of that yet. Either way ours
        hold, and are handed over again.
        """
        if drawing == self.seen:
            return
        self.seen, ours, theirs = drawing, paths(self.now), paths(drawing)
        fresh = objects(drawing)[len(ours) :]
        if not self.heard or theirs[: len(ours)] != ours:
            known = self.gone + [path for step in self.steps for path in paths(step)]
            fresh = [item for item in objects(drawing) if item.get("path") not in known]
        if fresh:
            self.add({**drawing, "objects": [*objects(self.now), *fresh]})
        self.heard = theirs == paths(self.now)
        if not self.heard:
            self.show()

    def add(self, drawing: dict[str, Any]) -> None:
        """A new step; what had been taken back is gone."""
        self.steps = [*self.steps[: self.at + 1], drawing][-MOST_STEPS:]
        self.at = len(self.steps) - 1

    def begin_anew(self) -> None:
        """A clean sheet with nothing to take back."""
        self.gone = [path for step in self.steps for path in paths(step)]
        self.steps, self.at = [EMPTY], 0
        self.show()

    def show(self) -> None:
        """Hand the drawing as it is to the component."""
        self.shown, self.turn, self.heard = self.now, self.turn + 1, False


def objects(drawing: dict[str, Any]) -> list[dict[str, Any]]:
    """Its strokes, as Fabric.js objects."""
    return [item for item in drawing.get("objects") or [] if isinstance(item, dict)]


def paths(drawing: dict[str, Any]) -> list[Any]:
    """The path of every stroke (Fabric.js)."""
    return [item.get("path") for item in objects(drawing)]
