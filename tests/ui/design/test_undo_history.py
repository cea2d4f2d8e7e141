"""Undo and redo: any sequence of changes can be walked back and forth."""

from __future__ import annotations

from hypothesis import given
from hypothesis import settings as bounds
from hypothesis import strategies as st

from cnn.network.layers import Classifier, Conv2d, Flatten
from cnn.training import Settings
from ui.design.undo_history import History, Snapshot, changed_field, describe


def shot(*layers, head=None, preset=None) -> Snapshot:
    return Snapshot(tuple(enumerate(layers)), head or Classifier(), preset, Settings())


@bounds(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from([Conv2d(), Flatten()]), max_size=3), max_size=12))
def test_every_step_back_and_forth_is_the_same_network(steps):
    history = History(shot())
    seen = [history.present]
    for layers in steps:
        history.note(shot(*layers), at=0.0)
        if history.present != seen[-1]:
            seen.append(history.present)
    for wanted in reversed(seen[:-1]):
        assert history.undo() == wanted
    assert history.undo() is None
    for wanted in seen[1:]:
        assert history.redo() == wanted
    assert history.redo() is None


def test_a_change_after_undo_forgets_what_was_undone():
    history = History(shot())
    history.note(shot(Conv2d()))
    history.undo()
    history.note(shot(Flatten()))
    assert history.redo() is None
    assert history.undo() == shot()


def test_a_slider_dragged_quickly_is_one_step_and_slowly_several():
    history = History(shot(Conv2d(filters=1)))
    for filters, at in ((2, 0.0), (3, 0.4), (4, 0.8), (5, 9.0)):
        history.note(shot(Conv2d(filters=filters)), at=at)
    assert [step.cards[0][1].filters for step in history.past] == [1, 4]


def test_another_field_is_another_step():
    history = History(shot(Conv2d()))
    history.note(shot(Conv2d(filters=2)), at=0.0)
    history.note(shot(Conv2d(filters=2, stride=2)), at=0.1)
    assert len(history.past) == 2


def test_a_step_is_described_by_what_it_did():
    one, two = shot(Conv2d()), shot(Conv2d(), Flatten())
    assert describe(one, two) == "added Flatten"
    assert describe(two, one) == "removed Flatten"
    assert describe(one, shot(Conv2d(stride=2))) == "Stride of Conv 16 × 3×3"
    assert describe(one, shot(Conv2d(), head=Classifier(output="sigmoid"))).startswith("Output of")
    moved = Snapshot(((1, Flatten()), (0, Conv2d())), Classifier(), None, Settings())
    assert describe(two, moved) == "moved a layer"
    assert describe(one, shot(Conv2d(), preset="lenet5")) == "another network"
    assert changed_field(one, two) is None
