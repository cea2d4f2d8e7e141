"""The Train page: what is known before the start, what can be chosen, what a failure offers."""

from __future__ import annotations

import base64
import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import load_file

from cnn import runs
from cnn.common import files
from cnn.datasets import DATASETS
from cnn.runs import forecast, locks, queue, speeds
from cnn.runs.device_options import Option
from cnn.runs.folders import changing_runs
from cnn.training.device import Device
from cnn.training.devices import list_devices
from tests.conftest import SMALL, SMALL_SETTINGS
from ui.shared import another_try, models
from ui.shared.plain_text import plain
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
    job = SimpleNamespace(rows=rows, running=False, error=None, cancelled=False, waits="", **more)
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


def test_a_network_is_measured_for_its_forecast_without_being_asked(train, monkeypatch):
    asked = []

    def ask(network, settings, device):
        asked.append(device.id)
        if len(asked) > 2:
            speeds.remember(network, settings, device.id, speeds.Speed(1000.0))
        return len(asked) <= 2

    monkeypatch.setattr(forecast, "ask", ask)
    shown = train()
    while "rough guess" in text(shown):
        assert len(asked) < 20
        shown.run()
    assert "(as measured)" in text(shown)
    assert set(asked) == {"cpu"}


def test_a_worker_waits_in_standby_once_torch_is_loaded(app, monkeypatch):
    started = []
    monkeypatch.setattr(models.standby, "start", lambda: started.append(models.known_devices()))
    monkeypatch.setattr(models, "_devices", None)
    models.loader.clear()
    app("train")
    models.loader().join()
    assert started == [None] and models.known_devices()


def test_early_stopping_without_validation_images_cannot_start(train):
    shown = train()
    play = shown.session_state["playground"]
    changes = {"early_stopping": 2, "validation_images": 0}
    play.settings = play.settings.changed(**changes)
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
    play.settings = play.settings.changed(learning_rate=0.02, epochs=7)
    shown.run()
    assert "4,000 images/s" in [m.value for m in shown.metric]
    play.settings = play.settings.changed(batch_size=32)
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
    trained.write_status(
        **{**status, "device": "cuda:0", "memory": 2_500_000_000, "utilisation": 87}
    )
    shown = train(run=trained.id)
    cards = {card["label"]: card["value"] for card in told(shown)["status"]["cards"]}
    assert cards["Memory"] == "2.5 GB"
    assert cards["GPU in use"] == "87%"


def test_a_cpu_run_has_no_card_for_a_gpu(train, trained):
    cards = [card["label"] for card in told(train(run=trained.id))["status"]["cards"]]
    assert "GPU in use" not in cards
    assert "Images per second" in cards


def test_a_gpu_that_cannot_be_used_is_shown_with_the_reason_and_cannot_be_chosen(
    train, monkeypatch
):
    reason = "The NVIDIA driver on your system is too old (found version 11040)"
    found = [*list_devices(), Device("cuda:0", "GPU 0", False, problem=reason)]
    monkeypatch.setattr(models, "list_devices", lambda: found)
    monkeypatch.setattr(models, "known_devices", lambda: found)
    page = train()
    options = page.selectbox(key="device").options
    assert not [label for label in options if "GPU 0" in label]
    assert plain(f"GPU 0: cannot be used: {reason}") in text(page)
    assert not page.button(key="start").disabled


def test_a_pytorch_that_cannot_be_loaded_is_said_instead_of_loading_for_ever(train, monkeypatch):
    monkeypatch.setattr(models, "known_devices", lambda: None)
    monkeypatch.setattr(models, "loading_problem", lambda: "PyTorch could not be loaded: no libfoo")
    page = train()
    assert any("no libfoo" in error.value for error in page.error)
    assert "Loading PyTorch, to see" not in text(page)


@pytest.mark.parametrize("page", ["train", "evaluate"])
def test_a_run_that_learned_nothing_says_so_and_offers_another_try(app, trained, monkeypatch, page):
    launched = []
    monkeypatch.setattr(runs, "launch", launched.append)
    assert not any("next to nothing" in w.value for w in app(page, run=trained.id).warning)
    trained.write_status(**{**trained.status(), "test_accuracy": 0.1})
    shown = app(page, run=trained.id)
    said = next(w.value for w in shown.warning if "next to nothing" in w.value)
    assert "smaller learning rate, such as 0.002" in said
    button = shown.button(key="retry")
    assert button.label == "Try again with learning rate 0.002"
    button.click().run()
    assert not shown.exception
    assert [run.config.settings.learning_rate for run in launched] == [0.002]


@pytest.fixture
def queued(runs_folder):
    """Three runs: one that trains on the CPU, and two that wait, in this order."""
    held, made = [], []
    for name in ("First *of* all", "Second", "Third"):
        run = runs.new(SMALL, SMALL_SETTINGS, "mnist-sample", "cpu", name=name)
        held.append(locks.Lock.take(run.files.lock))
        with changing_runs():
            queue.take_ticket(run)
        queue.try_start(run, [Option("cpu", ("cpu",))])
        made.append(run)
    made[0].write_status(state="running", seconds_left=600.0, step=1, steps=10)
    yield made
    for lock in held:
        lock.release()


def line(shown) -> str:
    """What stands over the progress bar."""
    return told(shown)["status"]["text"]


def test_who_waits_sees_its_place_whom_for_and_how_long(train, queued):
    first, second, third = queued
    speed = speeds.Speed(100.0)
    speeds.remember(SMALL, SMALL_SETTINGS, "cpu", speed)  # 2 epochs of 3,500 images: 70 seconds
    shown = train(run=second.id)
    words = "in the queue for cpu, behind First *of* all"
    assert line(shown) == f"Next {words} · starts in about 10 minutes"
    assert line(train(run=third.id)) == f"2nd {words} and 1 other · starts in about 11 minutes"
    first.write_status(state="running", step=1, steps=10)  # has not said yet how long
    assert line(shown.run()).startswith(f"Next {words} · starts in about")  # by its measured speed
    first.write_status(state="paused", seconds_left=600.0, step=1, steps=10)
    paused = f"Next {words} (paused: it keeps its turn)"
    assert line(shown.run()).replace("\\", "") == paused  # a pause may last for ever
    shown.button(key="open_paused").click().run()
    assert first.id in shown.query_params["run"]


def test_who_comes_from_design_with_another_network_finds_its_form_first(app, queued):
    page = app("design", run=queued[0].id)  # which trains
    page.button(key="train").click().run()
    assert not page.exception
    buttons = [button.key for button in page.button]
    assert buttons.index("start") < buttons.index("stop")
    other = app("train", run=queued[0].id)
    buttons = [button.key for button in other.button]
    assert buttons.index("stop") < buttons.index("start")


def test_while_it_trains_another_is_folded_and_secondary(app, queued):
    run = queued[0]
    shown = app("train", run=run.id)
    assert any(block.label == "Train another" for block in shown.expander)
    assert primaries(shown) == []
    run.send(paused=True)
    assert primaries(shown.run()) == ["resume"]


def test_while_it_stops_nothing_else_is_offered(app, queued):
    run = queued[0]
    shown = app("train", run=run.id)
    shown.button(key="stop").click().run()
    assert run.control()["stop"] and not shown.exception
    run.send(paused=True)  # as it was when Stop was pressed
    run.write_status(state="running", message="Scoring the test set", step=1, steps=10)
    shown.run()
    assert shown.button(key="stopping").disabled
    assert not {"pause", "resume", "stop"} & keys(shown)


def test_who_comes_without_having_chosen_a_run_has_the_form_first(app, trained):
    def run_is_first(shown) -> bool:
        return any(block.label == "Train another" for block in shown.expander)

    shown = app("train")  # the newest run is the current one
    play = shown.session_state.playground
    play.replace(SMALL, SMALL_SETTINGS, None)
    shown.session_state.playground.visit += 1
    shown.run()
    assert play.run_id == trained.id and not run_is_first(shown)
    assert shown.button(key="start") and shown.button(key="result_draw")
    play.run_is_chosen = True  # as after a start, a choice, or a link to it
    play.visit += 1
    assert run_is_first(shown.run())


def keys(shown) -> set[str]:
    return {button.key for button in shown.button}


@pytest.mark.parametrize("written", ["queued", "running", "failed", "stopped"])
def test_a_run_with_nothing_to_go_on_from_has_a_button_that_starts_it_again(
    train, trained, monkeypatch, written
):
    started = []
    monkeypatch.setattr(runs, "start_again", started.append)
    trained.write_status(state=written)
    shown = train(run=trained.id)
    assert "start_again" in keys(shown) and "resume" not in keys(shown)
    if written in runs.ACTIVE:
        assert any("Start again begins anew" in e.value for e in shown.error)
    shown.button(key="start_again").click().run()
    assert not shown.exception
    assert started == [trained]


def test_a_run_that_kept_a_state_resumes(train, trained):
    tensors = trained.files.resume_tensors(7)
    shutil.copyfile(trained.files.weights, tensors)
    files.write_json(trained.files.resume, {"file": tensors.name, "step": 7})
    trained.write_status(state="running")
    shown = train(run=trained.id)
    assert "resume" in keys(shown) and "start_again" not in keys(shown)
    assert any("Resume goes on" in e.value for e in shown.error)


def test_a_second_tab_that_presses_the_same_button_is_told(train, trained, monkeypatch):
    trained.write_status(state="stopped")
    shown = train(run=trained.id)
    lock = locks.Lock.take(trained.files.lock)  # the first tab's worker
    assert lock
    trained.write_status(state="running")
    shown.button(key="start_again").click().run()
    lock.release()
    assert not shown.exception
    assert any("is being trained already" in w.value for w in shown.warning)


def test_a_range_test_shows_how_far_it_is_and_can_be_cancelled(train):
    shown = train()
    steps = [{"rate": 10.0 ** (k / 10 - 5), "loss": 2.3} for k in range(30)]
    task = ended(shown, steps)
    cancelled = []
    task.job.running, task.job.cancel = True, lambda: cancelled.append(True)
    kept(shown).rate_search = task
    shown.run()
    assert any("Step 30 of at most 120" in bar.proto.text for bar in shown.get("progress"))
    shown.button(key="cancel_rate").click().run()
    assert cancelled
    task.job.running, task.job.cancelled = False, True
    shown.run()
    assert "The test was cancelled." in text(shown)


def test_a_runs_end_is_heard(train, trained):
    regions = [
        json.loads(element.proto.json)["text"]
        for element in train(run=trained.id).get("bidi_component")
        if element.proto.component_name == "cnn_live_region"
    ]
    assert len(regions) == 1 and "finished" in regions[0] and "read right" in regions[0]


def test_pixels_are_counted_without_needless_zeros(train):
    formats = {slider.label: slider.proto.format for slider in train().slider}
    assert formats["Shift (px)"] == formats["Label smoothing"] == "%g"


def test_a_second_click_or_another_tab_makes_no_second_run(app, monkeypatch):
    launched = []
    monkeypatch.setattr(runs, "launch", launched.append)
    monkeypatch.setattr(another_try, "_newest", {})
    first, other = app("train"), app("train")
    for page in (first, other, first):
        page.button(key="start").click().run()
        assert page.query_params["run"] in (launched[0].id, [launched[0].id])
    assert len(launched) == len(runs.list_runs()) == 1
    launched[0].write_status(state="finished")
    other.button(key="start").click().run()  # again is another run
    launched[1].write_status(state="stopped")
    monkeypatch.setattr(another_try, "MOMENT", 0.0)
    first.button(key="start").click().run()
    assert len(launched) == len(runs.list_runs()) == 3


def test_what_is_free_in_a_workspace_is_its_own_limit(app, monkeypatch):
    monkeypatch.setenv("CNN_CLASS", "1")
    monkeypatch.setenv("CNN_MIN_FREE_BYTES", "0")
    monkeypatch.setenv("CNN_MAX_BYTES", "50000000")
    page = app("train")
    (note,) = [one.value for one in page.caption if one.value.startswith("On disk")]
    assert "of the 50.0 MB that are left of 50.0 MB in this workspace" in note


def primaries(shown) -> list[str]:
    return [button.key for button in shown.button if button.proto.type == "primary"]


def test_one_button_is_the_pages_first_whatever_stands_on_it(train, trained):
    shown = train(run=trained.id)  # another network is chosen than this run's: the form first
    assert primaries(shown) == ["start"]
    trained.write_status(state="stopped")
    assert primaries(shown.run()) == ["start"]
    play, config = shown.session_state["playground"], trained.config
    play.replace(config.architecture, config.settings, None)
    kept(shown).order = (None, False)
    assert primaries(shown.run()) == ["start_again"]
    trained.write_status(state="failed", suggested_settings={"batch_size": 16})
    assert primaries(shown.run()) == ["retry"]
    trained.write_status(state="finished", test_accuracy=0.97)
    assert primaries(shown.run()) == ["result_draw"]
    images = DATASETS["mnist-sample"].test_images
    assert f"### 97.0% of {images:,} test images read right" in [m.value for m in shown.markdown]
    assert {"result_draw", "result_inspect", "result_evaluate"} <= keys(shown)
    trained.write_status(state="finished", test_accuracy=0.1)
    steps = [{"rate": 10 ** (n / 10 - 5), "loss": 2.0} for n in range(40)]
    kept(shown).rate_search = ended(shown, [*steps, {"suggestion": 0.0042}])
    assert primaries(shown.run()) == ["retry"]


def test_the_first_kernels_stand_beside_those_of_the_start(train, trained):
    story = told(train(run=trained.id))
    kept = {"start": trained.files.checkpoint(0), "now": trained.files.weights}
    shown = {"start": story["start"], "now": story["live"]["filters"]}
    for when, path in kept.items():
        weights, filters = load_file(path)["0.weight"][:, 0], shown[when]
        assert filters["count"] == 6
        drawn = np.frombuffer(base64.b64decode(filters["data"]), np.uint8).reshape(weights.shape)
        scaled = (drawn / 127.5 - 1) * filters["largest"]
        assert np.allclose(scaled, weights, atol=filters["largest"] / 127)
    trained.files.checkpoint(0).write_bytes(b"damaged")
    assert "start" not in told(train(run=trained.id))
