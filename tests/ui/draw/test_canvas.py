"""The sheet behind the canvas: no stroke is lost, and none comes back uninvited."""

from tests.strokes import ONE, SEVEN, ZERO, fabric
from ui.draw.steps import EMPTY, Sheet


def test_strokes_are_added_and_an_echo_is_no_news():
    paper = Sheet()
    paper.drew(fabric(SEVEN))
    paper.drew(fabric(SEVEN + ONE))
    turn = paper.turn
    paper.drew({**fabric(SEVEN + ONE), "version": "another wording"})
    assert len(paper.steps) == 3 and paper.turn == turn


def test_a_component_laid_anew_under_the_hand_loses_nothing():
    paper = Sheet()
    paper.drew(fabric(SEVEN))
    paper.drew(EMPTY)  # it was laid anew, empty
    assert paper.now == fabric(SEVEN) == paper.shown
    paper.drew(fabric(ONE))  # and drawn on before it was given its strokes back
    assert paper.now["objects"] == fabric(SEVEN + ONE)["objects"] == paper.shown["objects"]


def test_a_stroke_drawn_before_a_clear_arrives_brings_nothing_back():
    paper = Sheet()
    paper.drew(fabric(SEVEN))
    paper.add(EMPTY)
    paper.show()
    paper.drew(fabric(SEVEN + ONE))
    assert paper.now["objects"] == fabric(ONE)["objects"] == paper.shown["objects"]


def test_a_stroke_drawn_before_a_new_round_arrives_stays_alone():
    paper = Sheet()
    paper.drew(fabric(SEVEN))
    paper.begin_anew()
    paper.drew(fabric(SEVEN + ZERO))
    assert paper.now["objects"] == fabric(ZERO)["objects"]
    assert paper.steps[0] == EMPTY


def test_the_very_same_stroke_may_be_drawn_again():
    paper = Sheet()
    paper.drew(fabric(SEVEN))
    paper.add(EMPTY)
    paper.show()
    paper.drew({**EMPTY, "version": "heard"})
    paper.drew(fabric(SEVEN))
    assert paper.now == fabric(SEVEN)
