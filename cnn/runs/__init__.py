"""A run's folder, its process, its queue.

These names need no torch. The modules that do are imported by their own names: `worker` and
`session` (training a run), `weights` (its networks), `finetune`, `jobs` and others.
"""

from cnn.runs.copies import retry
from cnn.runs.records import EpochRow, Live, ReportRow, State, Status
from cnn.runs.run import ACTIVE, Config, Run, RunError, runs_dir
from cnn.runs.store import (
    create,
    default_name,
    device_holder,
    device_lock,
    launch,
    list_runs,
    new,
    open_run,
    settings_text,
    survey,
    worker_command,
)

__all__ = [
    "ACTIVE",
    "Config",
    "EpochRow",
    "Live",
    "ReportRow",
    "Run",
    "RunError",
    "State",
    "Status",
    "create",
    "default_name",
    "device_holder",
    "device_lock",
    "launch",
    "list_runs",
    "new",
    "open_run",
    "retry",
    "runs_dir",
    "settings_text",
    "survey",
    "worker_command",
]
