"""Names of visitors: given once, bounded, plain, and never what opens a workspace."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn import runs
from cnn.common import workspaces
from cnn.runs import names
from tests.cnn.runs.test_fair_queue import A, B, class_server  # noqa: F401


def test_a_name_is_given_once_and_taken_away_by_the_teacher():
    assert names.who(A) == f"visitor {names.who(A)[-4:]}" and names.name_of(A) is None
    with workspaces.working_in(A):
        assert names.give("  Ada\u202e\n Lovelace ") == "Ada Lovelace"
        with pytest.raises(runs.RunError, match="has its name already"):
            names.give("Eve")
    with workspaces.working_in(B):
        names.give("Ada Lovelace")
    assert names.who(A).startswith("Ada Lovelace ") and names.who(A) != names.who(B)
    assert A[1:] not in names.who(A)
    names.take_away(A)
    with workspaces.working_in(A):
        assert names.give("Eve") == "Eve"


@pytest.mark.parametrize("name", ["", "  ", "\u202e\u200b", "=+-@", "\x00"])
def test_a_name_needs_a_letter(name):
    with workspaces.working_in(A), pytest.raises(runs.RunError, match="needs a letter"):
        names.give(name)


def test_neither_the_teacher_nor_nobody_nor_a_server_that_shows_takes_one(monkeypatch):
    for workspace in (None, "class", "nobody"):
        with workspaces.working_in(workspace), pytest.raises(runs.RunError):
            names.give("Ada")
    monkeypatch.setenv("CNN_MAX_WORKSPACES", "1")
    workspaces.folder(B).mkdir(parents=True)
    with workspaces.working_in(A), pytest.raises(runs.RunError, match="1 workspaces already"):
        names.give("Ada")
    monkeypatch.setenv("CNN_READ_ONLY", "1")
    with workspaces.working_in(B), pytest.raises(runs.RunError, match="only shows"):
        names.give("Ada")


@given(st.text())
def test_a_cleaned_name_is_one_short_line_and_stays_as_it_is(text):
    clean = names.cleaned(text)
    assert len(clean) <= names.LONGEST and clean.isprintable() and names.cleaned(clean) == clean
    assert not clean.startswith(("=", "+", "-", "@"))
