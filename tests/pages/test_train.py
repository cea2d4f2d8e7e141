"""The Train page: what is known before the start, what can be chosen, what a failure offers."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from cnn import runs
from cnn.datasets import DATASETS
from ui.shared import models
from ui.train.state import Task, TrainState


@pytest.fixture
def train(app):
    """The page once torch is loaded and the devices are known."""

    def show(**query: str):
        shown = app("train", **query)
        models.loader().join()
        return shown.run()

    return show


def text(shown) -> str:
    return " ".join(e.value for e in (*shown.caption, *shown.markdown))


def ended(shown, rows, **more) -> Task:
    """A job that has ended, started with the network and settings of the page now."""
    job = SimpleNamespace(rows=rows, running=False, error=None, cancelled=False, **more)
    play = shown.session_state["playground"]
    return Task(job, play.architecture, play.settings)


def told(shown) -> dict:
    """What the live panel was given for its first paint."""
    found = [element.proto for element in shown.get("bidi_component")]
    panel = next(proto for proto in found if proto.component_name == "stream_live")
    return json.loads(panel.json)["story"]


def kept(shown) -> TrainState:
    """What the page keeps for the session."""
    return shown.session_state["playground"].pages[TrainState]


def test_before_the_start_it_tells_time_memory_and_precision(train):
    shown = train()
    said = text(shown)
    assert "per epoch" in said and "rough guess" in said
    assert "needs" in said and "free" in said
    assert "Auto means" in said
    assert DATASETS["mnist-sample"].about in said


def test_early_stopping_without_validation_images_cannot_start(train):
    shown = train()
    play = shown.session_state["playground"]
    changes = {"early_stopping": 2, "validation_images": 0}
    play.settings = play.settings.model_copy(update=changes)
    shown.run()
    assert any("Early stopping" in e.value for e in shown.error)
    assert shown.button(key="start").disabled


def test_a_measurement_is_shown_as_long_as_it_is_of_this_network(train):
    shown = train()
    play = shown.session_state["playground"]
    row = {"device": "cpu", "images_per_second": 4000.0, "memory": 8e8}
    kept(shown).speed_test = ended(shown, [row])
    shown.run()
    assert "4,000 images/s" in [m.value for m in shown.metric]
    play.settings = play.settings.model_copy(update={"learning_rate": 0.02, "epochs": 7})
    shown.run()
    assert "4,000 images/s" in [m.value for m in shown.metric]
    play.settings = play.settings.model_copy(update={"batch_size": 32})
    shown.run()
    assert "4,000 images/s" not in [m.value for m in shown.metric]


def test_the_suggested_rate_is_taken_with_one_click(train):
    shown = train()
    steps = [{"rate": 10 ** (n / 10 - 5), "loss": 2.0} for n in range(40)]
    kept(shown).rate_search = ended(shown, [*steps, {"suggestion": 0.0042}])
    shown.run()
    shown.button(key="take_rate").click().run()
    assert shown.session_state["playground"].settings.learning_rate == 0.0042
    assert not shown.exception
    rate = next(n for n in shown.number_input if n.label == "Learning rate")
    assert rate.value == 0.0042


def test_a_search_that_found_nothing_says_what_to_try(train):
    shown = train()
    kept(shown).rate_search = ended(shown, [{"suggestion": None}])
    shown.run()
    assert any("No rate made the loss fall" in w.value for w in shown.warning)


def test_a_failed_run_offers_another_try_with_what_should_work(train, trained, monkeypatch):
    launched = []
    monkeypatch.setattr(runs, "launch", launched.append)
    trained.write_status(
        state="failed",
        message="The device ran out of memory.",
        suggested_settings={"batch_size": 16},
    )
    shown = train(run=trained.id)
    button = shown.button(key="retry")
    assert button.label == "Try again with batch size 16"
    button.click().run()
    assert not shown.exception
    assert [run.config.settings.batch_size for run in launched] == [16]
    assert shown.query_params["run"] == launched[0].id


def test_a_run_that_stopped_early_says_which_epoch_it_kept(train, trained):
    status = trained.status()
    trained.write_status(**{**status, "stopped_early": True, "kept_epoch": 1})
    shown = train(run=trained.id)
    assert "epoch 1 are kept" in told(shown)["status"]["text"]


def test_a_gpu_run_shows_memory_and_utilisation(train, trained):
    status = trained.status()
    trained.write_status(**{**status, "device": "cuda:0", "memory": 2.5e9, "utilisation": 87})
    shown = train(run=trained.id)
    cards = {card["label"]: card["value"] for card in told(shown)["status"]["cards"]}
    assert cards["Memory"] == "2.5 GB"
    assert cards["GPU in use"] == "87 %"


def test_a_cpu_run_has_no_card_for_a_gpu(train, trained):
    cards = [card["label"] for card in told(train(run=trained.id))["status"]["cards"]]
    assert "GPU in use" not in cards
    assert "Images per second" in cards
