"""A worker in standby that the tests of a module share: what one has used up is there for the next,
since another takes its place anyway."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cnn.runs import speeds, standby
from tests.faults.processes import wait_for


@contextlib.contextmanager
def allowed(folder: Path) -> Iterator[None]:
    """Standby as it is outside of tests, for the runs in `folder`: one environment for all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNN_RUNS_DIR", str(folder))
        patch.delenv("CNN_STANDBY")
        patch.setattr(standby, "LEAST_MEMORY", 0)
        patch.setattr(standby, "ANSWER_SECONDS", 20.0)  # who answers, not how fast
        speeds.keep_calibration(1.0, 1.0)
        yield
        patch.setattr(standby, "END_SECONDS", 0.1)  # it may be importing: nobody waits for it
        standby.end()


def begin() -> psutil.Process:
    """The process that waits, ready."""
    assert standby.start()
    return wait_until_ready()


def wait_until_ready(but: int | None = None) -> psutil.Process:
    """The process that waits, another than `but`, ready."""
    wait_for(lambda: standby.state()[1] and standby.state()[0] != but)
    pid = standby.state()[0]
    assert pid
    return psutil.Process(pid)
