"""The folders of all runs, and the lock under which they are changed."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from cnn.common import workspaces
from cnn.common.paths import PROJECT
from cnn.datasets import data_dir
from cnn.runs.locks import holding

CHANGE_SECONDS = 10.0  # a change takes milliseconds; whoever waits longer meets a stuck process


def runs_dir() -> Path:
    """The folder of the runs of the workspace meant here (`cnn.common.workspaces`): on one's own
    machine `CNN_RUNS_DIR`, or `runs` beside the app."""
    return workspaces.folder(workspaces.current())


def runs_place() -> str:
    """That folder in words: visitors of a class server need not know where it is."""
    return str(runs_dir()) if workspaces.current() is None else "this workspace"


def examples_dir() -> Path:
    """The folder of the runs that come with the app: `CNN_EXAMPLES_DIR` (one that is not there: no
    examples), or `examples` beside the app. Only `python -m cnn make-examples` writes there."""
    return Path(os.environ.get("CNN_EXAMPLES_DIR") or PROJECT / "examples")


def devices_dir() -> Path:
    """The folder of what is known of devices: who waits for each, and measured speeds. All
    workspaces share it."""
    return workspaces.root() / ".devices"


def changing_runs() -> contextlib.AbstractContextManager[None]:
    """Let no other thread or process change runs or the queue: for reading, checking and writing
    as one. For short work; never inside itself. Raises OSError."""
    return holding(devices_dir() / "store.lock", CHANGE_SECONDS)


def environment(workspace: str | None = None) -> dict[str, str]:
    """This process's environment for one that it starts in another folder, to work in that
    workspace."""
    folders = {
        "CNN_RUNS_DIR": workspaces.root(),
        "CNN_DATA_DIR": data_dir(),
        "CNN_EXAMPLES_DIR": examples_dir(),
    }
    paths = {name: str(folder.resolve()) for name, folder in folders.items()}
    others = {k: v for k, v in os.environ.items() if k != workspaces.VARIABLE}
    return {**others, **paths, **({workspaces.VARIABLE: workspace} if workspace else {})}
