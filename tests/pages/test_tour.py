"""The tour: offered on Play at a first visit, each step ended by what the visitor does."""

import pytest
from streamlit.runtime.context import ContextProxy

from tests.pages.sheets import sheets_of
from tests.strokes import ONE, fabric
from ui.shared.tour import COOKIE, STEPS, TourState


def keys(page):
    return [button.key for button in page.button]


def card(page):
    return next(text.value for text in page.markdown if "Tour, " in text.value)


def test_it_is_offered_on_play_and_can_be_declined(app, examples):
    page = app()
    assert "tour_start" in keys(page)
    page.button(key="tour_decline").click().run()
    assert not {"tour_start", "tour_leave"} & set(keys(page))
    page.switch_page("pages/design.py").run()
    assert "tour_start" not in keys(page)


def test_it_is_not_offered_twice(app, examples, monkeypatch):
    monkeypatch.setattr(ContextProxy, "cookies", {COOKIE: "offered"})
    assert "tour_start" not in keys(app())


def test_it_can_be_left_at_any_step_and_taken_again(app, examples):
    page = app()
    page.button(key="tour_start").click().run()
    assert f"1 of {len(STEPS)}" in card(page)
    page.button(key="tour_leave").click().run()
    assert "tour_leave" not in keys(page)
    page.switch_page("pages/learn.py").run()
    page.button(key="tour_again").click().run()
    assert f"1 of {len(STEPS)}" in card(page)


@pytest.fixture
def on_tour(app, examples, monkeypatch):
    """A page of the tour at one of its steps; no training is started."""
    monkeypatch.setattr("ui.play.training.begin", lambda control=None: None)

    def at(step: int, page_name: str = ""):
        page = app(page_name)
        page.session_state.playground.pages[TourState] = TourState(at=step, answered=True)
        return page.run()

    return at


def test_train_and_a_knob_end_the_first_steps(on_tour):
    page = on_tour(0)
    page.button(key="play_train").click().run()
    assert STEPS[1].title in card(page)
    knob = next(box for box in page.selectbox if box.label == "Filters")
    knob.set_value(8).run()
    assert STEPS[2].title in card(page)


def test_a_layer_ends_the_third_and_the_fourth_looks_into_a_trained_network(on_tour):
    page = on_tour(2, "design")
    page.button(key="add_dropout").click().run()
    assert STEPS[3].title in card(page)
    assert page.session_state.playground.run_id == "example-compact"


def test_another_action_ends_no_step(on_tour):
    page = on_tour(3, "design")
    page.button(key="add_dropout").click().run()
    assert STEPS[3].title in card(page)


def test_a_digit_ends_it(on_tour):
    page = on_tour(4, "draw")
    sheets_of(page)["draw"].add(fabric(ONE))
    page.run()
    assert any("That was the tour" in text.value for text in page.markdown)
    page.button(key="tour_leave").click().run()
    assert "tour_leave" not in keys(page)
