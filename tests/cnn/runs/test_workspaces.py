"""Nobody lists, opens, renames or deletes what is in another's workspace."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cnn import runs
from cnn.common import workspaces
from cnn.common.paths import PROJECT
from cnn.drawing import my_digits
from cnn.runs import removal, sweeps
from cnn.runs.folders import environment
from cnn.runs.overview import overview
from cnn.runs.sweep_parameters import parse_parameter
from tests.conftest import SMALL, SMALL_SETTINGS
from tests.made_runs import made_run

MINE, OTHER = "v" + "m" * 22, "v" + "o" * 22
DIGIT = my_digits.Drawing(1, (((10.0, 10.0), (10.0, 200.0)),))


def made_in(workspace: str | None, name: str = "Made") -> runs.Run:
    with workspaces.working_in(workspace):
        return made_run(name)


def test_each_workspace_has_its_own_runs_and_sees_the_classs():
    mine, other, shared = made_in(MINE), made_in(OTHER), made_in("class")
    local = made_in(None)
    seen = {}
    for workspace in (None, MINE, OTHER, "class", "nobody"):
        with workspaces.working_in(workspace):
            seen[workspace] = [run.path for run in runs.list_runs()]
            assert [one.run.path for one in overview()[0]] == seen[workspace]
    assert seen == {
        None: [local.path],
        MINE: [mine.path, shared.path],
        OTHER: [other.path, shared.path],
        "class": [shared.path],
        "nobody": [shared.path],
    }
    with workspaces.working_in(MINE):
        newest = runs.newest_run()
    assert newest and newest.path == mine.path


def test_anothers_run_cannot_be_opened_and_the_classs_only_looked_at():
    mine, other, shared = made_in(MINE), made_in(OTHER), made_in("class", "Shared")
    with workspaces.working_in(MINE):
        assert runs.open_run(mine.id).is_own
        for name in (other.id, f"../{OTHER}/{other.id}", f".workspaces/{OTHER}", OTHER):
            with pytest.raises(runs.RunError) as refused:
                runs.open_run(name)
            assert str(other.path.parent) not in str(refused.value)
        opened = runs.open_run(shared.id)
        assert opened.kind == "class" and opened.has_weights is False
        for change in (
            lambda: opened.rename("Mine now"),
            opened.delete,
            opened.discard,
            lambda: opened.send(stop=True),
            lambda: runs.launch(opened),
            lambda: removal.put_aside(opened),
        ):
            with pytest.raises(runs.RunError, match="'Shared' belongs to the class: it stays"):
                change()
        again = runs.repeat(opened)  # a copy is one's own
        assert again.is_own and again.path.parent == mine.path.parent
        # Nor with the folder itself in hand.
        with pytest.raises(runs.RunError):
            runs.Run(other.path).delete()
    assert other.path.is_dir() and runs.Run(shared.path).name == "Shared"


def test_what_was_deleted_comes_back_to_its_own_workspace_only():
    other = made_in(OTHER)
    with workspaces.working_in(OTHER):
        removal.put_aside(other)
    with workspaces.working_in(MINE):
        with pytest.raises(runs.RunError):
            removal.restore(other.id)
        removal.purge(other.id)
    with workspaces.working_in(OTHER):
        assert removal.restore(other.id).path == other.path


def test_digits_and_sweeps_are_a_workspaces_own(data_folder):
    everybodys = data_folder / "my-digits.jsonl"
    before = everybodys.read_bytes() if everybodys.exists() else None
    with workspaces.working_in(MINE):
        my_digits.add([DIGIT, DIGIT])
        config = runs.new_config(SMALL, SMALL_SETTINGS, "mnist-sample", "cpu")
        sweep = sweeps.new_sweep(config, [parse_parameter("batch_size=32,64")])
        assert my_digits.path().is_relative_to(workspaces.root() / ".workspaces" / MINE)
    with workspaces.working_in(OTHER):
        assert my_digits.load() == [] and sweeps.list_sweeps() == []
        with pytest.raises(runs.RunError):
            sweeps.open_sweep(sweep.id)
        my_digits.remove()
    with workspaces.working_in(MINE):
        assert len(my_digits.load()) == 2 and [one.id for one in sweeps.list_sweeps()] == [sweep.id]
    assert (everybodys.read_bytes() if everybodys.exists() else None) == before


def test_a_process_of_a_workspace_finds_its_runs(monkeypatch):
    mine = made_in(MINE)
    monkeypatch.setenv("CNN_WORKSPACE", OTHER)  # what this process has is not handed on
    assert "CNN_WORKSPACE" not in environment()
    code = f"from cnn import runs; print(runs.open_run({mine.id!r}).is_own)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(MINE),
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "True", done.stderr
