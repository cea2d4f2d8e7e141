"""What the teacher of a class server sees and does: who trains, who waits, what each takes.

Every function works on all workspaces: whoever calls it has asked whether this is the teacher.
Imports no torch.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass

from cnn.common import workspaces
from cnn.runs import queue
from cnn.runs.config import require_not_read_only
from cnn.runs.folders import changing_runs
from cnn.runs.limits import usage
from cnn.runs.names import who
from cnn.runs.records import State
from cnn.runs.run import Run, RunError
from cnn.runs.store import list_runs

DAY = 24 * 3600.0


@dataclass(frozen=True)
class Training:
    """A run that trains, on `device`, or waits (None)."""

    run: Run
    name: str
    who: str
    state: State
    device: str | None
    epoch: int
    epochs: int


@dataclass(frozen=True)
class Usage:
    """What a workspace takes; `used`: when something in it last changed."""

    workspace: str
    who: str
    runs: int
    bytes: int
    used: float


def trainings() -> list[Training]:
    """All runs that train or wait, in the order of their turns."""
    found = []
    for ticket in queue.tickets():
        run = ticket.run
        status = run.status()
        epochs = status.get("epochs") or 0
        if not epochs:
            try:
                epochs = run.config.settings.epochs
            except RunError:
                continue
        device = ticket.taken.device if ticket.taken else None
        epoch = status.get("epoch", 0)
        name, owner = run.name, who(run.workspace)
        found.append(Training(run, name, owner, status["state"], device, epoch, epochs))
    return found


def stop(run: Run) -> None:
    """Ask anybody's run to stop. Raises RunError."""
    with workspaces.working_in(run.workspace):
        run.send(stop=True)


def put_first(run: Run) -> None:
    """Let anybody's run, which waits, be the next. Raises RunError."""
    require_not_read_only()
    try:
        queue.put_first(run)
    except OSError as error:
        raise RunError(f"The queue could not be changed: {error.strerror}.") from error


def all_runs() -> Iterator[Run]:
    """Every run of every workspace, the class's first; examples not."""
    for workspace in (workspaces.CLASS, *workspaces.existing()):
        with workspaces.working_in(workspace):
            own = [run for run in list_runs() if run.is_own]
        yield from own


def usages() -> list[Usage]:
    """Every visitor's workspace, the largest first."""
    found = []
    for workspace in workspaces.existing():
        folder = workspaces.folder(workspace)
        kept, size = usage(folder)
        found.append(Usage(workspace, who(workspace), kept, size, _changed(workspace)))
    return sorted(found, key=lambda one: -one.bytes)


def remove_unused(days: float) -> int:
    """Remove the workspaces in which nothing has changed for so many days, nothing trains and
    nothing waits; returns how many. Raises RunError."""
    require_not_read_only()
    until, removed = time.time() - days * DAY, 0
    try:
        with changing_runs():
            busy = {ticket.workspace for ticket in queue.tickets()}
            for workspace in workspaces.existing():
                if workspace not in busy and _changed(workspace) < until:
                    shutil.rmtree(workspaces.folder(workspace), ignore_errors=True)
                    removed += 1
    except OSError as error:
        raise RunError(f"They could not be removed: {error.strerror}.") from error
    return removed


def _changed(workspace: str) -> float:
    """When something in a workspace last changed: of its folder, and of the runs in it."""
    folder = workspaces.folder(workspace)
    times = [0.0]
    for path in (folder, *folder.glob("*"), *folder.glob("*/status.json")):
        try:
            times.append(path.stat().st_mtime)
        except OSError:  # gone meanwhile
            continue
    return max(times)
