"""Values that are typed into the settings, the layers and the live learning rate: what is not
allowed is refused with a word at the field, and what is shown is what is in force."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from cnn import runs
from cnn.datasets import DATASETS
from cnn.training import Settings
from tests.conftest import SMALL, SMALL_SETTINGS
from ui.shared import fields


def play(shown):
    return shown.session_state["playground"]


def number(shown, label: str):
    return next(widget for widget in shown.number_input if widget.label == label)


def said(shown) -> str:
    return " ".join(error.value for error in shown.error)


@pytest.mark.parametrize(
    ("label", "typed", "words"),
    [
        ("Learning rate", 0.0, "A number above 0 and up to 10 is allowed, not 0."),
        ("Learning rate", -1.0, "A number above 0 and up to 10 is allowed"),
        ("Learning rate", 1e300, "A number above 0 and up to 10 is allowed"),
        ("Weight decay", 2.0, "A number from 0 to 1 is allowed, not 2."),
        ("Batch size", 0, "A whole number from 1 to 4,096 is allowed, not 0."),
        ("Validation images", 70_000, "A whole number from 0 to 30,000, or none is allowed"),
        ("Validation images", -1, "A whole number from 0 to 30,000, or none is allowed"),
        ("Seed", 2**31, "A whole number from 0 to 2,147,483,647 is allowed"),
    ],
)
def test_what_is_not_allowed_is_refused_at_the_field(app, label, typed, words):
    shown = app("train")
    before = play(shown).settings
    was = number(shown, label).value
    number(shown, label).set_value(typed).run()
    assert not shown.exception, shown.exception
    assert words in said(shown)
    assert play(shown).settings == before
    assert number(shown, label).value == was  # what is shown is what is in force
    number(shown, "Seed").set_value(7).run()
    assert words not in said(shown)
    assert play(shown).settings.seed == 7


@pytest.mark.parametrize("label", ["Learning rate", "Weight decay", "Batch size", "Seed"])
def test_an_emptied_field_shows_what_is_in_force(app, label):
    shown = app("train")
    number(shown, label).set_value(1).run()
    number(shown, label).set_value(None).run()
    assert not shown.exception, shown.exception
    assert number(shown, label).value == 1


@pytest.mark.parametrize("rate", [1e-9, 1e-300, 0.3, 10.0])
def test_any_allowed_learning_rate_can_be_typed(app, rate):
    shown = app("train")
    number(shown, "Learning rate").set_value(rate).run()
    shown.run()
    assert not shown.exception, shown.exception
    assert play(shown).settings.learning_rate == number(shown, "Learning rate").value == rate
    assert not said(shown)


def test_an_empty_number_of_validation_images_is_the_usual_one(app):
    shown = app("train")
    assert number(shown, "Validation images").value is None
    usual = DATASETS["mnist-sample"].validation_images
    shows = number(shown, "Validation images").placeholder
    assert shows == f"{usual:,}, as is usual for these images"
    number(shown, "Validation images").set_value(300).run()
    assert play(shown).settings.validation_images == 300
    number(shown, "Validation images").set_value(None).run()
    assert not shown.exception, shown.exception
    assert play(shown).settings.validation_images is None
    assert number(shown, "Validation images").value is None
    assert number(shown, "Validation images").placeholder.startswith("500")


def test_every_field_of_the_form_takes_its_limits(app):
    """No setting that is allowed makes the page fail."""
    shown = app("train")
    for name, info in Settings.model_fields.items():
        for end in ("ge", "le"):
            for value in (getattr(m, end) for m in info.metadata if hasattr(m, end)):
                play(shown).settings = Settings(**{name: value})
                play(shown).version += 1
                shown.run()
                assert not shown.exception, (name, value, shown.exception)


@pytest.fixture
def training(runs_folder, monkeypatch) -> runs.Run:
    """A run that looks as if a worker trained it, at a tiny learning rate."""
    run = runs.new(SMALL, SMALL_SETTINGS.changed(learning_rate=1e-9), "mnist-sample", "cpu")
    run.write_status(state="running", epoch=0, epochs=2, step=1, steps=20)
    monkeypatch.setattr(runs.Run, "is_alive", lambda self: True)
    return run


def live_rate(shown, run):
    return next(w for w in shown.number_input if w.key == f"rate_{run.id}")


def test_the_learning_rate_of_a_running_training_has_the_settings_limits(app, training):
    shown = app("train", run=training.id)
    assert live_rate(shown, training).value == 1e-9
    live_rate(shown, training).set_value(0.0).run()
    assert not shown.exception, shown.exception
    assert "A number above 0 and up to 10 is allowed" in said(shown)
    assert "learning_rate" not in training.control()
    assert live_rate(shown, training).value == 1e-9
    live_rate(shown, training).set_value(1e-12).run()
    assert not shown.exception, shown.exception
    assert training.control()["learning_rate"] == 1e-12
    assert not said(shown)


def interrupted_field() -> None:
    """A field for a number on a page that a click ends just before the browser is told of it."""
    import streamlit as st
    from streamlit.elements.widgets import number_input
    from streamlit.proto.WidgetStates_pb2 import WidgetStates
    from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

    from ui.shared import fields, state

    def register(*args, **named):
        number_input.register_widget = as_it_is
        found = as_it_is(*args, **named)
        click = RerunData(widget_states=WidgetStates())
        get_script_run_ctx().script_requests.request_rerun(click)
        return found

    state.begin()
    as_it_is = number_input.register_widget
    if "interrupted" not in st.session_state:
        st.session_state.interrupted = True
        number_input.register_widget = register
    fields.number_input("Learning rate", 0.01, key="rate")


def test_a_field_is_not_empty_where_a_click_ended_the_page_before_it_was_shown():
    shown = AppTest.from_function(interrupted_field, default_timeout=60).run()
    assert number(shown, "Learning rate").value == 0.01
    assert number(shown, "Learning rate").proto.set_value  # the browser is told to show it
    shown.run()
    assert not number(shown, "Learning rate").proto.set_value  # and not again, while one types


def test_a_widget_that_is_gone_was_not_emptied(monkeypatch):
    monkeypatch.setattr(fields.st, "session_state", {})
    fields.apply_change("gone", "learning_rate", 0.01, pytest.fail)
