"""A deleted run that can be had back for a while. Imports no torch.

It lies in the runs' folder under a name that no list shows, until whoever deleted it leaves the
page; what nobody came back for (the browser was closed) goes after a day.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path

from cnn.common.server import server_settings
from cnn.runs import limits
from cnn.runs.folders import changing_runs, runs_dir
from cnn.runs.run import Run, RunError
from cnn.runs.store import ID_PATTERN

ASIDE = limits.UNTIL_PURGED.removesuffix("*")
KEPT_SECONDS = 24 * 3600.0


def put_aside(run: Run) -> None:
    """Delete `run` so that `restore` can bring it back. Raises RunError where it is an example, in
    training, no run's folder, or cannot be moved."""
    run.require_own()
    purge_old()
    with run.changing():
        run.require_is_run()
        run.require_ended()
        run.path.rename(_aside(run.id))
        os.utime(_aside(run.id))  # since when it lies there


def restore(run_id: str) -> Run:
    """Bring back a run that was put aside. Raises RunError where it is gone."""
    if not ID_PATTERN.fullmatch(run_id):
        raise RunError("That is not the name of a run.")
    limits.require_may_change()
    run = Run(runs_dir() / run_id)
    try:
        with changing_runs():
            if run.path.exists():
                raise RunError(f"There is another run '{run_id}' by now.")
            _aside(run_id).rename(run.path)
    except OSError as error:
        raise RunError(f"'{run_id}' cannot be had back: {error.strerror}.") from error
    return run


def purge(run_id: str) -> None:
    """Remove for good what was put aside; nothing on a server that only shows."""
    if server_settings().read_only:
        return
    if ID_PATTERN.fullmatch(run_id):
        shutil.rmtree(_aside(run_id), ignore_errors=True)


def purge_old() -> None:
    """Remove for good what was put aside more than a day ago."""
    for folder in runs_dir().glob(f"{ASIDE}*"):
        with contextlib.suppress(OSError):
            if not folder.is_symlink() and time.time() - folder.stat().st_mtime > KEPT_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _aside(run_id: str) -> Path:
    return runs_dir() / f"{ASIDE}{run_id}"
