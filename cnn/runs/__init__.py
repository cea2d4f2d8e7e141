"""A run's folder, its process, its queue.

These names need no torch. The modules that do are imported by their own names: `worker` and
`session` (training a run), `weights` (its networks), `finetune`, `jobs` and others.
"""

from cnn.runs.copies import repeat, retry
from cnn.runs.files import EarlyStep, When
from cnn.runs.folders import runs_dir
from cnn.runs.records import EpochRow, Live, ReportRow, State, Status
from cnn.runs.run import ACTIVE, Config, Run, RunError
from cnn.runs.starting import launch, start_again
from cnn.runs.store import (
    create,
    default_name,
    device_holder,
    list_runs,
    name_for,
    new,
    new_config,
    newest_run,
    open_run,
    settings_text,
    survey,
)
from cnn.runs.waiting import Place, place

__all__ = [
    "ACTIVE",
    "Config",
    "EarlyStep",
    "EpochRow",
    "Live",
    "Place",
    "ReportRow",
    "Run",
    "RunError",
    "State",
    "Status",
    "When",
    "create",
    "default_name",
    "device_holder",
    "launch",
    "list_runs",
    "name_for",
    "new",
    "new_config",
    "newest_run",
    "open_run",
    "place",
    "repeat",
    "retry",
    "runs_dir",
    "settings_text",
    "start_again",
    "survey",
]
