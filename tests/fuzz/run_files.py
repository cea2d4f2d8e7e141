"""A whole run's folder, from which damaged ones are made."""

from __future__ import annotations

import functools
import json
import shutil
import tempfile
from pathlib import Path

from tests.made_runs import made_run


@functools.cache
def whole_run() -> Path:
    """A finished run's folder, outside of every test's."""
    made = made_run("Whole")
    kept = Path(tempfile.mkdtemp()) / made.id
    shutil.copytree(made.path, kept)
    (kept / "notes.json").write_text('{"tags": ["a"], "note": "b", "archived": false}')
    (kept / "control.json").write_text('{"paused": true, "learning_rate": 0.1, "run_until": 3}')
    (kept / "live.json").write_text(
        json.dumps({"images": [[[0] * 28] * 28], "labels": [1], "probabilities": [[0.1] * 10]})
    )
    (kept / "resume.json").write_text('{"file": "resume-1.safetensors", "best": [0.9, 1]}')
    return kept
