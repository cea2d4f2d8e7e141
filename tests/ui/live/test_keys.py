"""A class server's streams are opened by a key of the workspace, not by a run's id alone."""

from __future__ import annotations

import pytest

from cnn import runs
from cnn.common import workspaces
from tests.cnn.runs.test_workspaces import MINE, OTHER, made_in
from ui.live.keys import open_stream, stream_name


def test_a_stream_is_opened_by_who_can_open_the_run(monkeypatch):
    monkeypatch.setenv("CNN_CLASS", "1")
    monkeypatch.setenv("CNN_MIN_FREE_BYTES", "0")
    mine, shared = made_in(MINE), made_in("class")
    with workspaces.working_in(MINE):
        name = stream_name(mine)
        assert MINE not in name
        assert open_stream(stream_name(shared)) == shared
    with workspaces.working_in(OTHER):
        forged = stream_name(mine)  # the run's id with one's own key
        assert open_stream(stream_name(shared)) == shared
    assert open_stream(name) == mine
    for bad in (forged, mine.id, f"{mine.id}~", f"{mine.id}~{MINE}", f"{name}x", f"../{MINE}~"):
        with pytest.raises(runs.RunError):
            open_stream(bad)


def test_on_ones_own_machine_it_is_the_runs_id():
    run = made_in(None)
    assert stream_name(run) == run.id and open_stream(run.id) == run
