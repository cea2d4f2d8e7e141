"""Sharing with the class: a copy of a run, or digits, goes into the workspace that everybody reads.

How much each workspace has shared is kept beside its runs, in a file that no page writes otherwise.
Imports no torch.
"""

from __future__ import annotations

from pathlib import Path

from cnn.common import workspaces
from cnn.common.files import read_json, write_json
from cnn.common.server import server_settings
from cnn.common.text import plural
from cnn.drawing import my_digits
from cnn.runs import zipped
from cnn.runs.folders import runs_dir
from cnn.runs.limits import require_may_change
from cnn.runs.run import ACTIVE, Run, RunError

DIGITS_FOR_EACH_RUN = 10  # that may be shared


def can_share() -> bool:
    """Whether there is a class to share with, and this is not its workspace."""
    return workspaces.current() not in (None, workspaces.CLASS, workspaces.NOBODY)


def share_run(run: Run) -> Run:
    """A copy of `run` in the class's workspace. Raises RunError where it is another's, still
    trains, or as many are shared as may be."""
    run.require_own()
    _require_visitor()
    if run.state in ACTIVE:
        raise RunError(f"'{run.name}' is still training: share it when it has ended.")
    shared, most = _shared_runs(), server_settings().max_shared
    if run.id in shared:
        raise RunError(f"'{run.name}' is shared with the class already.")
    if most is not None and len(shared) >= most:
        raise RunError(f"A workspace shares {plural(most, 'run')}: that many are shared already.")
    packed = zipped.to_zip(run)
    with workspaces.working_in(workspaces.CLASS):
        copy = zipped.from_zip(packed)
    _note(runs={**shared, run.id: copy.id})
    return copy


def share_digits(drawings: list[my_digits.Drawing]) -> int:
    """Add drawings to the class's; returns how many it has now. Raises RunError where more are
    shared than may be, and CollectionError where its collection is full."""
    require_may_change()
    _require_visitor()
    found = (read_json(_file()) or {}).get("digits")
    before = found if isinstance(found, int) else 0
    most = server_settings().max_shared
    if most is not None and before + len(drawings) > most * DIGITS_FOR_EACH_RUN:
        raise RunError(
            f"A workspace shares {plural(most * DIGITS_FOR_EACH_RUN, 'digit')} with the class, and "
            f"has shared {before}."
        )
    with workspaces.working_in(workspaces.CLASS):
        count = my_digits.add(drawings)
    _note(digits=before + len(drawings))
    return count


def _shared_runs() -> dict[str, str]:
    """The runs that were shared, and their copies which are still there, by id."""
    found = (read_json(_file()) or {}).get("runs")
    there = workspaces.folder(workspaces.CLASS)
    if not isinstance(found, dict):
        return {}
    return {
        own: copy
        for own, copy in found.items()
        if isinstance(copy, str) and "/" not in copy and (there / copy).is_dir()
    }


def _note(**changes: object) -> None:
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        write_json(_file(), {**(read_json(_file()) or {}), **changes})
    except OSError as error:
        raise RunError(f"What was shared could not be noted: {error.strerror}.") from error


def _require_visitor() -> None:
    if not can_share():
        raise RunError("There is no class to share with here.")


def _file() -> Path:
    return runs_dir() / ".shared.json"
