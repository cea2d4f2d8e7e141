"""A sheet's drawings as steps that can be taken back, whatever the browser's component forgets."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from cnn.drawing import FabricDrawing

MOST_STEPS = 60
EMPTY: FabricDrawing = {"objects": []}


@dataclass
class Sheet:
    """The drawings of a session, as steps that can be taken back."""

    steps: list[FabricDrawing] = field(default_factory=lambda: [EMPTY])
    at: int = 0
    handed: FabricDrawing = field(default_factory=lambda: EMPTY)  # to the component, last
    turn: int = 0  # counts what was handed over, so that the component takes the same one twice
    reported: FabricDrawing | None = None  # by the component, last: only a new report counts
    dropped: list[object] = field(default_factory=list)  # paths of steps that are gone
    in_step: bool = True  # whether the component has what it was handed last
    place: tuple[int, str] = (-1, "")  # the visit and the part of the page it was last shown in
    mount: int = 0

    @property
    def now(self) -> FabricDrawing:
        """The drawing as it is."""
        return self.steps[self.at]

    def receive(self, report: FabricDrawing) -> None:
        """Add the strokes that are new in what the component reports.

        A pen only adds. Where strokes of ours are missing, the component was mounted again while
        the pen was down; where there are some that were taken back, it does not know of that yet.
        Either way our drawing holds, and is handed over again.
        """
        if report == self.reported:
            return
        self.reported, ours, theirs = report, paths(self.now), paths(report)
        fresh = objects(report)[len(ours) :]
        if not self.in_step or theirs[: len(ours)] != ours:
            known = self.dropped + [path for step in self.steps for path in paths(step)]
            fresh = [item for item in objects(report) if item.get("path") not in known]
        if fresh:
            self.add({**report, "objects": [*objects(self.now), *fresh]})
        self.in_step = theirs == paths(self.now)
        if not self.in_step:
            self.hand_over()

    def add(self, drawing: FabricDrawing) -> None:
        """A new step; what had been taken back is gone."""
        self.steps = [*self.steps[: self.at + 1], drawing][-MOST_STEPS:]
        self.at = len(self.steps) - 1

    def move(self, steps: int) -> None:
        """Undo (-1) or redo (+1)."""
        self.at = min(max(0, self.at + steps), len(self.steps) - 1)
        self.hand_over()

    def clear(self) -> None:
        """A clean sheet. Can be undone."""
        if paths(self.now):
            self.add(EMPTY)
        self.hand_over()

    def reset(self) -> None:
        """A clean sheet with nothing to take back."""
        self.dropped = [path for step in self.steps for path in paths(step)]
        self.steps, self.at = [EMPTY], 0
        self.hand_over()

    def hand_over(self) -> None:
        """Give the drawing as it is to the component."""
        self.handed, self.turn, self.in_step = self.now, self.turn + 1, False


@dataclass
class CanvasState:
    """The sheets of a session, by name."""

    sheets: defaultdict[str, Sheet] = field(default_factory=lambda: defaultdict(Sheet))


def objects(drawing: FabricDrawing) -> list[FabricDrawing]:
    """Its strokes, as Fabric.js objects."""
    found = drawing.get("objects")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def paths(drawing: FabricDrawing) -> list[object]:
    """The path of every stroke (Fabric.js)."""
    return [item.get("path") for item in objects(drawing)]
