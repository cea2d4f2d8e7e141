"""Ending every training in order, where all processes end with the server: in a container.

Elsewhere a training outlives its server. With `CNN_END_RUNS=1` each is asked to stop, as by a
click: it keeps the state of its last step, so that Resume goes on from there. Imports no torch.
"""

from __future__ import annotations

import contextlib
import os
import time

from cnn.common import workspaces
from cnn.runs import queue
from cnn.runs.run import RunError
from cnn.runs.sweeps import list_sweeps

MOST_SECONDS = 25.0  # a worker stops at its next step, and then scores the test set
LOOK_SECONDS = 0.1


def wanted() -> bool:
    """Whether trainings are to end with the server."""
    return os.environ.get("CNN_END_RUNS") == "1"


def ask_all_to_stop() -> None:
    """Ask everything that trains or waits to stop: sweeps first, which would start the next."""
    for workspace in (None, workspaces.CLASS, *workspaces.existing()):
        with workspaces.working_in(workspace):
            for sweep in list_sweeps():
                if sweep.state == "running":
                    with contextlib.suppress(RunError):
                        sweep.ask_to_stop()
    for ticket in queue.tickets():
        with workspaces.working_in(ticket.workspace), contextlib.suppress(RunError):
            ticket.run.send(stop=True)


def wait(seconds: float = MOST_SECONDS) -> list[str]:
    """Wait until nothing trains any more; returns the ids of what still does after `seconds`."""
    deadline = time.monotonic() + seconds
    while (left := queue.tickets()) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    return [ticket.run_id for ticket in left]
