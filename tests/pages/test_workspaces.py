"""Two visitors of a class server, and the teacher: whose runs and digits each page shows."""

from __future__ import annotations

import shutil

import pytest

from cnn import runs
from cnn.common import workspaces
from cnn.drawing import my_digits
from tests.cnn.runs.test_workspaces import DIGIT, made_in

MINE, OTHER = "v" + "m" * 22, "v" + "o" * 22


@pytest.fixture(autouse=True)
def class_server(monkeypatch):
    monkeypatch.setenv("CNN_CLASS", "1")
    monkeypatch.setenv("CNN_MIN_FREE_BYTES", "0")


def text(page) -> str:
    shown = [*page.markdown, *page.sidebar.markdown, *page.warning, *page.error, *page.caption]
    return "\n".join(one.value for one in shown)


def query(page, name: str) -> str | None:
    """What the address says, whether the test or the page put it there."""
    found = page.query_params.get(name)
    return found[0] if isinstance(found, list) else found


def test_a_new_visitor_gets_a_workspace_that_stays_in_the_address(app):
    page = app()
    key = query(page, "w")
    assert key and workspaces.is_visitor(key)
    page.query_params.clear()  # as the browser sends it after a page's own link
    page.switch_page("pages/compare.py").run()
    assert query(page, "w") == key
    assert not workspaces.existing()  # a look makes no folder


def test_nobody_sees_what_is_anothers(app):
    mine, other = made_in(MINE, "Only mine"), made_in(OTHER, "Only theirs")
    shared = made_in("class", "Shared with all")
    for workspace, own in ((MINE, "Only mine"), (OTHER, "Only theirs")):
        page = app("evaluate", w=workspace)
        labels = page.selectbox[0].options
        assert any(own in label for label in labels)
        assert any("Shared with all · class" in label for label in labels)
        assert len(labels) == 2
    # A forged ?run= meets what any unknown run meets; the answer tells nothing of the other.
    answers = []
    for run_id in (other.id, f"{other.id[:-1]}x"):
        page = app(w=MINE, run=run_id)
        answers.append(text(page).replace(run_id.replace("-", "\\-"), "ID").replace(run_id, "ID"))
        assert query(page, "run") in (mine.id, None)
        assert "Only theirs" not in text(page)
    assert answers[0] == answers[1]
    assert query(app(w=OTHER, run=shared.id), "run") == shared.id


def test_my_digits_are_ones_own(app, trained_folder):
    for workspace in (MINE, OTHER):
        folder = workspaces.folder(workspace)
        folder.mkdir(parents=True)
        shutil.copytree(trained_folder, folder / trained_folder.name)
    with workspaces.working_in(OTHER):
        my_digits.add([DIGIT, DIGIT])
    page = app("draw", w=MINE)
    page.segmented_control(key="draw_part").set_value("My digits").run()
    assert not page.exception and "Nothing kept yet" in text(page)
    page = app("draw", w=OTHER)
    page.segmented_control(key="draw_part").set_value("My digits").run()
    assert "2 digits" in text(page)
    page.button(key="mine_remove").click().run()  # a callback finds the session's workspace too
    with workspaces.working_in(OTHER):
        assert len(my_digits.load()) == 1


def test_a_limit_is_met_on_the_page(app, monkeypatch):
    monkeypatch.setenv("CNN_MAX_EPOCHS", "1")
    page = app("train", w=MINE)
    page.button(key="start").click().run()
    assert not page.exception and "A run may take 1 epoch here" in text(page).replace("\\", "")
    with workspaces.working_in(MINE):
        assert runs.list_runs() == []


def test_on_ones_own_machine_there_is_nothing_to_see(app, monkeypatch):
    monkeypatch.delenv("CNN_CLASS")
    page = app("compare", w=MINE)
    assert "WORKSPACE" not in text(page)
    assert query(page, "w") == MINE  # an address is left as it is
