"""Which workspace is meant, and that no text but a workspace's name becomes part of a path."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn.common import workspaces
from cnn.common.server import ServerError

FORGED = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["..", "../class", "v/../class", "class/..", "", "class\n", "v" + "a" * 23]),
    st.text(alphabet="vA0_-", min_size=22, max_size=22).map(lambda text: f"v{text}\n"),
    st.text(alphabet="A0_-./\\\0", min_size=21, max_size=21).map(lambda text: f"v{text}/"),
)


@given(FORGED)
def test_a_forged_name_is_no_workspace(name):
    if name not in (workspaces.CLASS, workspaces.NOBODY):
        assert not workspaces.is_workspace(name) and not workspaces.is_visitor(name)
        with pytest.raises(ValueError):
            workspaces.folder(name)


@given(st.text(max_size=60))
def test_a_login_has_a_workspace_of_its_own_that_no_address_opens(name):
    workspace = workspaces.named(name)
    assert workspaces.is_workspace(workspace) and not workspaces.is_visitor(workspace)
    assert workspaces.folder(workspace).parent == workspaces.root() / workspaces.FOLDER
    assert workspaces.named(f" {name.strip()} ".swapcase()) == workspaces.named(name.swapcase())


def test_new_visitors_have_names_of_128_random_bits():
    made = {workspaces.new_visitor() for _ in range(1000)}
    assert len(made) == 1000 and all(map(workspaces.is_visitor, made))


def test_only_keys_of_this_server_open_a_workspace(runs_folder, tmp_path, monkeypatch):
    mine, older = workspaces.new_visitor(), "v" + "o" * 22
    secret = runs_folder / workspaces.FOLDER / workspaces.SECRET
    assert secret.stat().st_size == 32 and secret.stat().st_mode & 0o077 == 0
    assert workspaces.is_issued(mine) and not workspaces.is_issued(older)
    swapped = mine[:-1] + ("A" if mine[-1] != "A" else "B")
    assert not any(map(workspaces.is_issued, [swapped, mine[:23], "v" + "u" * 33, "class", "x"]))
    workspaces.folder(older).mkdir()  # made by an earlier version
    assert workspaces.is_issued(older)
    workspaces._secret.cache_clear()  # as another process
    assert workspaces.is_issued(mine) and workspaces.existing() == [older]
    monkeypatch.setenv("CNN_RUNS_DIR", str(tmp_path / "other server"))
    assert not workspaces.is_issued(mine)


def test_the_class_and_nobody_are_opened_by_no_address():
    assert not any(map(workspaces.is_visitor, [workspaces.CLASS, workspaces.NOBODY]))


def test_which_workspace_is_meant(monkeypatch, runs_folder):
    mine, other = workspaces.new_visitor(), workspaces.new_visitor()
    assert workspaces.current() is None and workspaces.folder(None) == runs_folder
    monkeypatch.setenv("CNN_WORKSPACE", other)
    with workspaces.working_in(mine):
        assert workspaces.current() == mine
        seen = list[str | None]()
        thread = threading.Thread(target=lambda: seen.append(workspaces.current()))
        thread.start()
        thread.join()
        assert seen == [other]  # a thread has its own
        with workspaces.working_in(None):
            assert workspaces.current() is None
    assert workspaces.current() == other
    monkeypatch.setenv("CNN_WORKSPACE", "../..")
    with pytest.raises(ServerError, match="CNN_WORKSPACE"):
        workspaces.current()
