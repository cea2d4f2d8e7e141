"""What a workspace may make and start: asked wherever runs are, so that pages, sweeps, seeds and
the command line all meet it. Each refusal is one sentence. Imports no torch.

The limits are `cnn.common.server`'s; none but the free disk's holds for the teacher's workspace.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from humanize import naturalsize

from cnn.common import workspaces
from cnn.common.server import server_settings
from cnn.common.text import duration, plural
from cnn.network import Architecture
from cnn.runs import checkpoints, lesson, queue
from cnn.runs.config import Config, RunError, require_not_read_only
from cnn.runs.folders import runs_dir
from cnn.runs.run import Run

UNTIL_PURGED = ".aside-*"  # runs that were deleted, and can still be had back


class TooManyWaiting(RunError):
    """As many runs of the workspace wait as may: later there is room for more."""


@dataclass(frozen=True)
class Limits:
    """What holds for a workspace; None: nothing does."""

    epochs: int | None = None
    seconds: int | None = None
    parameters: int | None = None
    waiting: int | None = None
    runs: int | None = None
    bytes: int | None = None
    sweeps: int | None = None
    pause: int | None = None


def limits(workspace: str | None) -> Limits:
    """What holds for that workspace."""
    settings = server_settings()
    if settings.class_ and workspace in (None, workspaces.CLASS):  # the teacher, and who started it
        return Limits(pause=settings.max_pause)
    return Limits(
        epochs=settings.max_epochs,
        seconds=settings.max_seconds,
        parameters=settings.max_parameters,
        waiting=settings.max_waiting,
        runs=settings.max_runs,
        bytes=settings.max_bytes,
        sweeps=settings.max_sweeps,
        pause=settings.max_pause,
    )


def require_may_change() -> None:
    """Raise RunError where nothing can be made here: on a server that only shows, and for nobody's
    workspace."""
    require_not_read_only()
    if workspaces.current() == workspaces.NOBODY:
        raise RunError("Nobody is known to be here: load the page again.")


def require_may_make(config: Config) -> None:
    """Raise RunError where no run of that config may be made in this workspace."""
    require_may_change()
    limit = limits(workspaces.current())
    require_allowed(config, limit)
    lesson.require_kept(config, workspaces.current())
    require_room(checkpoints.disk_needed(config.architecture, config.settings))
    _require_turn(limit, workspaces.current())


def require_may_start(run: Run) -> None:
    """Raise RunError where `run` may not be trained (further). Call it while changing runs."""
    require_not_read_only()
    limit = limits(run.workspace)
    require_allowed(run.config, limit)
    lesson.require_kept(run.config, run.workspace)
    used = run.last_status().get("train_seconds", 0.0)
    if limit.seconds is not None and used >= limit.seconds:
        raise RunError(
            f"'{run.name}' has trained for {duration(used)}: a run may take "
            f"{duration(limit.seconds)} here."
        )
    _require_turn(limit, run.workspace, run)


def require_allowed(config: Config, limit: Limits) -> None:
    """Raise RunError where a run of that config is larger than is allowed."""
    epochs = config.settings.epochs
    if limit.epochs is not None and epochs > limit.epochs:
        raise RunError(
            f"A run may take {plural(limit.epochs, 'epoch')} here, and this one asks for {epochs}."
        )
    require_parameters(config.architecture, limit)


def require_parameters(architecture: Architecture, limit: Limits) -> None:
    """Raise RunError where a network is larger than is allowed."""
    parameters = architecture.parameters
    if limit.parameters is not None and parameters > limit.parameters:
        raise RunError(
            f"A network may have {limit.parameters:,} parameters here, and this one has "
            f"{parameters:,}."
        )


def require_room(needed: int, count: int = 1) -> None:
    """Raise RunError where this workspace, or the disk, has no room for `count` more runs that take
    so many bytes each. What was deleted and could still be had back goes first."""
    settings, limit = server_settings(), limits(workspaces.current())
    free = checkpoints.disk_free(workspaces.root())
    if settings.min_free_bytes and free is not None and free < settings.min_free_bytes + needed:
        raise RunError(
            "The server's disk is nearly full: nothing new can be made until runs are deleted."
        )
    here = runs_dir()
    if not workspaces.may_begin(workspaces.current()):
        raise RunError(
            f"This server has its {settings.max_workspaces} workspaces already: the teacher can "
            "clear those that nobody uses any more."
        )
    if limit.runs is None and limit.bytes is None:
        return
    try:
        _require_room_in(here, limit, needed, count)
    except RunError:
        for folder in here.glob(UNTIL_PURGED):
            shutil.rmtree(folder, ignore_errors=True)
        _require_room_in(here, limit, needed, count)


def _require_room_in(here: Path, limit: Limits, needed: int, count: int) -> None:
    kept, used = usage(here)
    if limit.runs is not None and kept + count > limit.runs:
        more = "this run" if count == 1 else f"these {count}"
        raise RunError(
            f"This workspace keeps {plural(limit.runs, 'run')} and has {kept}: delete some on "
            f"Compare before {more}."
        )
    if limit.bytes is not None and used + count * needed > limit.bytes:
        raise RunError(
            f"This workspace has {naturalsize(used)} of its {naturalsize(limit.bytes)} in use, and "
            f"this needs up to {naturalsize(count * needed)}: delete some runs on Compare, or make "
            "the network smaller."
        )


def usage(folder: Path) -> tuple[int, int]:
    """How many runs lie in a workspace's folder, those that can be had back too, and how many bytes
    all of it takes."""
    kept = used = 0
    try:
        kept = sum(
            path.is_dir() and (not path.name.startswith(".") or path.match(UNTIL_PURGED))
            for path in folder.iterdir()
        )
    except OSError:
        return 0, 0
    for path in folder.rglob("*"):
        try:
            used += path.lstat().st_size
        except OSError:  # gone meanwhile
            continue
    return kept, used


def _require_turn(limit: Limits, workspace: str | None, run: Run | None = None) -> None:
    """Raise RunError where as many of the workspace's runs wait as may."""
    if limit.waiting is None:
        return
    waiting = [
        ticket
        for ticket in queue.tickets()
        if not ticket.taken and ticket.workspace == workspace and (not run or not ticket.is_of(run))
    ]
    if len(waiting) >= limit.waiting:
        raise TooManyWaiting(
            f"{plural(len(waiting), 'run')} of this workspace {_wait(len(waiting))} already, and "
            "no more may: try again when one has begun."
        )


def _wait(count: int) -> str:
    return "waits" if count == 1 else "wait"
