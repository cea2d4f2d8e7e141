"""What a browser reports is of the kind that is asked for, or nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.shared import reports
from ui.shared.reports import read

UI = Path(__file__).parents[3] / "ui"
KINDS = {name: kind for name, kind in vars(reports).items() if name.isupper() and len(name) > 1}
KEYS = ["row", "column", "value", "layer", "channel", "what", "id", "place", "runs", "time", "run"]
KEYS += ["name", "drawing", "raw", "points", "point_index"]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS | st.integers(0, 30),
    lambda some: st.lists(some, max_size=4) | st.dictionaries(st.sampled_from(KEYS), some),
)


@given(st.sampled_from(sorted(KINDS)), VALUES)
def test_any_value_is_of_the_kind_or_nothing(name, value):
    found = read(value, KINDS[name])
    if found is None:
        return
    if name == "INDEX":
        assert type(found) is int and 0 <= found < 1_000_000
    elif name == "WEIGHT":
        assert abs(found.value) < float("inf") and type(found.row) is int


@pytest.mark.parametrize(
    "value", [True, 1.0, "1", -1, 10**400, float("nan"), [1], {"row": 1}, {"row": 1, "column": -1}]
)
def test_what_is_no_place_is_nothing(value):
    assert read(value, reports.PIXEL) is None


@pytest.mark.parametrize("value", [True, 1.0, "1", -1, 10**400, float("nan"), [1], {}])
def test_what_is_no_index_is_nothing(value):
    assert read(value, reports.INDEX) is None


def test_a_report_that_never_ends_is_nothing():
    deep: list = []
    for _ in range(5_000):
        deep = [deep]
    assert read({"row": deep, "column": 1}, reports.PIXEL) is None
    while deep:  # else its end is a recursion too
        deep = deep[0]


def test_reports_are_read_in_no_other_way():
    inside = re.compile(r"session_state(\.get\([^()]*\)|\[[^\]]*\])(\s*or\s*{}\))?\s*(\[|\.get\()")
    assert [path.name for path in UI.rglob("*.py") if inside.search(path.read_text("utf-8"))] == []
