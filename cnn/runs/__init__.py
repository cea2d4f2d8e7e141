"""A run's folder, its process, its queue.

Here is what needs no torch: one run's folder, and all of them. The rest is imported by name:
`worker` and `session` (training a run), `weights` (its networks), `finetune`, `jobs` and others.
"""

from cnn.runs.run import ACTIVE, Config, Run, RunError, State, runs_dir
from cnn.runs.store import (
    create,
    device_holder,
    device_lock,
    launch,
    list_runs,
    new,
    open_run,
    retry,
    survey,
    worker_command,
)

__all__ = [
    "ACTIVE",
    "Config",
    "Run",
    "RunError",
    "State",
    "create",
    "device_holder",
    "device_lock",
    "launch",
    "list_runs",
    "new",
    "open_run",
    "retry",
    "runs_dir",
    "survey",
    "worker_command",
]
