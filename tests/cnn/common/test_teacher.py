"""The teacher's secret and the keys made of it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnn.common import teacher

SECRET = "correct-horse-battery"


@pytest.fixture(autouse=True)
def class_server(monkeypatch):
    monkeypatch.setenv("CNN_CLASS", "1")
    monkeypatch.setenv("CNN_TEACHER", SECRET)


def test_the_secret_is_the_whole_of_it(monkeypatch):
    assert teacher.is_secret(SECRET)
    assert not any(map(teacher.is_secret, ("", SECRET[:-1], f"{SECRET} ", "\ud800", "é" * 16)))
    monkeypatch.delenv("CNN_TEACHER")
    assert not teacher.is_secret("") and not teacher.is_key(teacher.new_key())


def test_a_key_lasts_some_hours(monkeypatch):
    key = teacher.new_key()
    assert teacher.is_key(key) and SECRET not in key
    now = teacher.time.time()
    for hours, good in ((11.9, True), (12.1, False)):
        monkeypatch.setattr(teacher.time, "time", lambda later=hours: now + 3600 * later)
        assert teacher.is_key(key) is good


def test_a_key_is_of_its_secret_and_its_server(monkeypatch, tmp_path):
    key = teacher.new_key()
    monkeypatch.setenv("CNN_TEACHER", SECRET[::-1])
    assert not teacher.is_key(key)
    monkeypatch.setenv("CNN_TEACHER", SECRET)
    monkeypatch.setenv("CNN_RUNS_DIR", str(tmp_path / "another"))
    assert not teacher.is_key(key)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 52), st.text(max_size=3))
def test_a_key_that_was_changed_opens_nothing(place, put):
    key = teacher.new_key()
    changed = key[:place] + put + key[place + 1 :]
    assert teacher.is_key(changed) is (changed[: teacher._LONGEST] == key)
