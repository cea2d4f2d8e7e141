"""Pages of a run that has not kept every epoch, and what Train says of the disk."""

from __future__ import annotations

import pytest

from cnn.runs import checkpoints
from tests.pages.sheets import sheets_of
from tests.strokes import SEVEN, fabric
from ui.inspect.state import InspectState, RunChoices


@pytest.fixture
def pruned(trained):
    """A run of two epochs whose first is not kept any more."""
    trained.files.checkpoint(1).unlink()
    return trained


def test_inspect_shows_the_nearest_kept_epoch(app, pruned):
    shown = app("inspect", run=pruned.id)
    slider = next(s for s in shown.select_slider if s.label == "Weights after epoch")
    assert slider.options == ["0", "2", "end"]
    kept = shown.session_state["playground"].pages[InspectState]
    kept.runs.setdefault(pruned.id, RunChoices()).epoch = 1  # chosen before it went
    kept.player.version += 1
    shown.run()
    assert not shown.exception, shown.exception
    slider = next(s for s in shown.select_slider if s.label == "Weights after epoch")
    assert slider.value in (0, 2)


def test_draw_replays_what_is_kept(app, pruned):
    page = app("learn", run=pruned.id)
    sheets_of(page)["draw"].add(fabric(SEVEN))
    page.session_state["draw_view"] = "Over the epochs"
    page.session_state[f"draw_epoch_{pruned.id}"] = 1
    page.switch_page("pages/draw.py").run()
    assert not page.exception, page.exception
    slider = next(s for s in page.select_slider if s.label.startswith("Let the network"))
    early = [f"step {step.number}" for step in pruned.early_steps()]
    assert early  # the learning inside the first epoch
    assert slider.options == ["epoch 0", *early, "epoch 2", "newest"] and slider.value in (0, 2)
    slider.set_value(pruned.early_steps()[0])
    page.run()
    assert not page.exception, page.exception
    assert any(f"after {early[0]}" in c.value and "drawn wider" in c.value for c in page.caption)
    for step in pruned.early_steps():  # as in a run of an older version
        pruned.files.checkpoint(step).unlink()
    page.run()
    assert not page.exception, page.exception
    slider = next(s for s in page.select_slider if s.label.startswith("Let the network"))
    assert slider.options == ["epoch 0", "epoch 2", "newest"] and slider.value == "newest"


def test_train_says_what_the_run_takes_on_disk_and_what_is_free(app, monkeypatch):
    monkeypatch.setattr(checkpoints, "disk_free", lambda: 40e9)
    shown = app("train")
    note = next(c.value for c in shown.caption if c.value.startswith("On disk: up to"))
    assert "of 40.0 GB free" in note and not shown.warning
    monkeypatch.setattr(checkpoints, "disk_free", lambda: 1000)
    shown.run()
    assert any("more than is free" in w.value for w in shown.warning)
    shown.session_state["playground"].settings = shown.session_state["playground"].settings.changed(
        epochs=200
    )
    shown.run()
    assert any("the weights of 42 epochs" in c.value for c in shown.caption)
