"""The settings of a shared server come from the environment, each with its sentence where wrong."""

from __future__ import annotations

import pytest

from cnn.common.paths import PROJECT
from cnn.common.server import CLASS, ServerError, ServerSettings, server_settings, table


def test_nothing_is_limited_on_ones_own_machine():
    settings = server_settings()
    assert not settings.class_ and not settings.read_only
    assert all(getattr(settings, name) is None for name in CLASS)


def test_a_class_server_has_limits_and_each_can_be_set_or_lifted(monkeypatch):
    monkeypatch.setenv("CNN_CLASS", "1")
    assert {name: getattr(server_settings(), name) for name in CLASS} == CLASS
    monkeypatch.setenv("CNN_MAX_EPOCHS", "3")
    monkeypatch.setenv("CNN_MAX_BYTES", " none ")
    settings = server_settings()
    assert (settings.max_epochs, settings.max_bytes) == (3, None)
    assert settings.max_runs == CLASS["max_runs"]


def test_a_limit_can_be_set_without_a_class(monkeypatch):
    monkeypatch.setenv("CNN_MAX_EPOCHS", "3")
    assert server_settings().max_epochs == 3 and server_settings().max_runs is None


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("CNN_MAX_EPOCHS", "many", "CNN_MAX_EPOCHS: "),
        ("CNN_MAX_RUNS", "-1", "CNN_MAX_RUNS: "),
        ("CNN_CLASS", "perhaps", "CNN_CLASS: true or false"),
        ("CNN_TEACHER", "short", "CNN_TEACHER: the teacher's secret needs 16 characters"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(monkeypatch, name, value, says):
    monkeypatch.setenv(name, value)
    with pytest.raises(ServerError) as refused:
        server_settings()
    assert str(refused.value).startswith(says)
    assert name != "CNN_TEACHER" or value not in str(refused.value)


def test_the_documentation_has_every_variable():
    text = (PROJECT / "docs" / "class.md").read_text()
    rows = [
        f"| `{name}` | {usual} | {in_class} | {what} |" for name, usual, in_class, what in table()
    ]
    assert [row for row in rows if row not in text] == []
    assert len(rows) == len(ServerSettings.model_fields)
