"""The sheet behind the canvas: no stroke is lost, and none comes back unasked."""

from tests.strokes import ONE, SEVEN, ZERO, fabric
from ui.shared.sheet import EMPTY, Sheet


def test_strokes_are_added_and_a_repeated_report_adds_none():
    paper = Sheet()
    paper.receive(fabric(SEVEN))
    paper.receive(fabric(SEVEN + ONE))
    turn = paper.turn
    paper.receive({**fabric(SEVEN + ONE), "version": "another version"})
    assert len(paper.steps) == 3 and paper.turn == turn


def test_a_component_mounted_again_while_the_pen_is_down_loses_nothing():
    paper = Sheet()
    paper.receive(fabric(SEVEN))
    paper.receive(EMPTY)  # it was mounted again, empty
    assert paper.now == fabric(SEVEN) == paper.handed
    paper.receive(fabric(ONE))  # and drawn on before it was given its strokes back
    assert paper.now["objects"] == fabric(SEVEN + ONE)["objects"] == paper.handed["objects"]


def test_a_stroke_drawn_before_a_clear_arrives_brings_nothing_back():
    paper = Sheet()
    paper.receive(fabric(SEVEN))
    paper.clear()
    paper.receive(fabric(SEVEN + ONE))
    assert paper.now["objects"] == fabric(ONE)["objects"] == paper.handed["objects"]


def test_a_stroke_drawn_before_a_new_round_arrives_stays_alone():
    paper = Sheet()
    paper.receive(fabric(SEVEN))
    paper.reset()
    paper.receive(fabric(SEVEN + ZERO))
    assert paper.now["objects"] == fabric(ZERO)["objects"]
    assert paper.steps[0] == EMPTY


def test_the_very_same_stroke_may_be_drawn_again():
    paper = Sheet()
    paper.receive(fabric(SEVEN))
    paper.clear()
    paper.receive({**EMPTY, "version": "in step"})
    paper.receive(fabric(SEVEN))
    assert paper.now == fabric(SEVEN)
