"""What the Compare page keeps for a session."""

from __future__ import annotations

from dataclasses import dataclass, field

from cnn import runs
from cnn.runs import removal


@dataclass
class CompareState:
    """Which runs are ticked, by id: rows come and go, ids stay. And what was deleted, until the
    page is left."""

    ticked: list[str] = field(default_factory=list)
    ticked_at: float = 0.0  # the browser's clock at the last tick, in milliseconds
    deleted: list[tuple[str, str]] = field(default_factory=list)  # id and name, the newest last
    show_archived: bool = False
    sweep: str | None = None  # the sweep that is shown

    def keep_only(self, present: set[str]) -> None:
        """Forget the ticks of runs that are gone."""
        self.ticked = [run_id for run_id in self.ticked if run_id in present]

    def delete(self, picked: list[runs.Run]) -> list[str]:
        """Put runs aside; returns what kept some from it."""
        problems = []
        for run in picked:
            name = run.name
            try:
                removal.put_aside(run)
            except runs.RunError as error:
                problems.append(str(error))
            else:
                self.deleted.append((run.id, name))
        return problems

    def undo(self) -> list[str]:
        """Bring back what was deleted since the page was opened; returns what could not be."""
        problems, self.deleted, back = [], [], self.deleted
        for run_id, _ in back:
            try:
                removal.restore(run_id)
            except runs.RunError as error:
                problems.append(str(error))
        return problems

    def leave(self) -> None:
        """The page is left: what was deleted is gone for good."""
        gone, self.deleted = self.deleted, []
        for run_id, _ in gone:
            removal.purge(run_id)
