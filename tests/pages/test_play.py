"""Play: what its buttons and knobs do, and what stands in the address."""

from __future__ import annotations

import json

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates

from cnn import runs
from cnn.presets import PRESETS
from cnn.presets.knobs import Knobs
from cnn.runs import queue
from cnn.runs.device_options import Option
from cnn.runs.folders import changing_runs
from cnn.runs.locks import Lock
from tests.conftest import SMALL, SMALL_SETTINGS
from ui.play.state import PlayState
from ui.shared import models, tabs


@pytest.fixture
def started(monkeypatch) -> list[tuple[runs.Run, dict]]:
    """The runs that were launched, each with what was asked of it from the start. None runs."""
    launched: list[tuple[runs.Run, dict]] = []

    def launch(run: runs.Run, from_scratch: bool = False, control: dict | None = None) -> None:
        launched.append((run, dict(control or {})))

    monkeypatch.setattr(runs, "launch", launch)
    return launched


@pytest.fixture
def play(app):
    """The page once torch is loaded."""

    def show(**query: str):
        shown = app("play", **query)
        models.loader().join()
        return shown.run()

    return show


def session(shown):
    return shown.session_state["playground"]


def told(shown) -> dict:
    """What the stage was given."""
    found = [element.proto for element in shown.get("bidi_component")]
    return json.loads(next(p for p in found if p.component_name == "stream_stage").json)


def press(shown, key: str):
    shown.button(key=key).click().run()
    assert not shown.exception, shown.exception
    return shown


def training(run: runs.Run) -> Lock:
    """Let it look as if a worker trained it."""
    lock = Lock.take(run.files.lock)
    assert lock is not None
    run.write_status(state="running", step=7, steps=100, epoch=0, epochs=3)
    return lock


def test_before_the_first_step_the_random_network_is_shown_at_work(play):
    shown = play()
    data = told(shown)
    assert data["run"] is None and not data["follow"]
    assert [layer["number"] for layer in data["frame"]["layers"]] == [3, 4, 7, 8, 11, 12]
    assert len(data["images"]) == 10 and data["chosen"] == 7
    assert sum(data["frame"]["probabilities"][0]) == pytest.approx(1, abs=0.01)


def test_train_begins_a_run_of_the_network_as_it_stands(play, started):
    shown = press(play(), "play_train")
    ((run, control),) = started
    assert not run.has_weights and told(shown)["frame"]  # its worker begins with the same weights
    assert run.config.architecture == PRESETS["compact"].architecture
    assert control == {"pace": 0.0, "begun_by_play": True}
    assert session(shown).run_id == run.id


@pytest.mark.parametrize(
    ("key", "control"),
    [("play_step", {"run_until": 1}), ("play_epoch", {"until_epoch": 1})],
)
def test_a_step_or_an_epoch_begins_a_run_that_then_waits(play, started, key, control):
    press(play(), key)
    ((_, asked),) = started
    assert asked == {"pace": 0.0, "begun_by_play": True, "paused": True, **control}


def test_while_it_trains_there_is_pause_and_the_steps_count_from_where_it_is(play, started):
    shown = press(play(), "play_train")
    ((run, _),) = started
    lock = training(run)
    shown.run()
    assert "play_train" not in {button.key for button in shown.button}
    press(shown, "play_pause")
    assert run.control()["paused"] is True
    press(shown, "play_step")
    assert run.control()["run_until"] == 8
    press(shown, "play_epoch")
    assert run.control()["until_epoch"] == 1
    press(shown, "play_train")
    assert run.control()["paused"] is False and len(started) == 1
    lock.release()


def test_start_over_takes_other_weights_and_goes_on_where_it_trained(play, started):
    shown = press(play(), "play_over")
    assert session(shown).settings.seed == 1 and not started
    first = told(shown)["frame"]
    press(shown, "play_over")
    assert told(shown)["frame"]["layers"] != first["layers"]
    press(shown, "play_train")
    lock = training(started[0][0])
    shown.run()
    press(shown, "play_over")
    assert [run.config.settings.seed for run, _ in started] == [2, 3]
    assert started[0][0].control()["discard"] is True
    lock.release()


def test_a_run_that_waits_for_a_paused_one_has_a_way_to_it(play, started):
    """Another tab of one's own may have left it paused: both may have the same name."""
    shown = press(play(), "play_train")
    ahead = runs.new(SMALL, SMALL_SETTINGS, "mnist-sample", "cpu")
    held = []
    for run in (ahead, started[0][0]):
        held.append(Lock.take(run.files.lock))
        with changing_runs():
            queue.take_ticket(run)
        queue.try_start(run, [Option("cpu", ("cpu",))])
    ahead.write_status(state="running", step=1, steps=10)
    assert "open_paused" not in {button.key for button in shown.run().button}
    ahead.write_status(state="paused", step=1, steps=10)
    press(shown.run(), "open_paused")
    assert session(shown).run_id == ahead.id
    assert "resume" in {button.key for button in shown.button}  # on Train
    for lock in held:
        lock.release()


@pytest.fixture
def second_tab(play, monkeypatch):
    """The same address in another session, while the first one's tab is open or not."""

    def opened(first, run: runs.Run, is_open: bool):
        net = first.query_params["net"]
        monkeypatch.setattr(tabs, "_here", lambda: "the second")
        monkeypatch.setattr(tabs, "_is_open", lambda session: is_open)
        return play(run=run.id, net=net if isinstance(net, str) else net[0])

    return opened


@pytest.mark.parametrize("is_open", [True, False])
def test_only_a_reload_of_its_tab_lets_go_of_a_run(play, second_tab, started, is_open):
    """A second tab with the same address begins a run of its own, and leaves the first one's."""
    first = press(play(), "play_train")
    ((run, control),) = started
    run.send(**control)
    lock = training(run)
    second = second_tab(first, run, is_open)
    assert session(second).run_id == run.id
    press(second, "play_over")
    assert ("discard" in run.control()) != is_open
    assert len(started) == 2 and session(second).run_id == started[1][0].id != run.id
    lock.release()


def test_a_knob_builds_the_network_anew_and_trains_on_where_it_trained(play, started):
    shown = press(play(), "play_train")
    lock = training(started[0][0])
    shown.run()
    version = session(shown).version
    shown.selectbox(key=f"knob_{version}_filters").select(8).run()
    assert not shown.exception
    assert session(shown).architecture == Knobs(filters=8).architecture()
    assert len(started) == 2
    assert started[1][0].config.architecture == Knobs(filters=8).architecture()
    lock.release()


def test_a_knob_that_is_turned_before_training_starts_nothing(play, started):
    shown = play()
    version = session(shown).version
    shown.slider(key=f"knob_{version}_label_noise").set_value(0.4).run()
    assert not shown.exception and not started
    assert session(shown).settings.label_noise == 0.4


def test_a_run_of_another_page_is_left_alone(play, started, trained):
    shown = play(run=trained.id)
    press(shown, "play_over")
    assert trained.path.is_dir()


def test_the_address_holds_network_knobs_image_and_speed(play, app):
    shown = play()
    version = session(shown).version
    shown.selectbox(key=f"knob_{version}_blocks").select(2).run()
    shown.selectbox(key="play_speed").select("slow").run()
    shown.session_state["playground"].pages[PlayState].image = 3
    shown.run()
    query = {name: shown.query_params[name] for name in ("net", "image", "speed")}
    query = {n: v if isinstance(v, str) else v[0] for n, v in query.items()}
    other = app("play", **query)
    models.loader().join()
    other.run()
    assert session(other).architecture == Knobs(blocks=2).architecture()
    kept = session(other).pages[PlayState]
    assert (kept.image, kept.speed) == (3, "slow")


@pytest.mark.parametrize(
    "query", [{"image": "x"}, {"image": "-1"}, {"image": "9" * 400}, {"speed": "warp"}]
)
def test_an_edited_address_changes_nothing(play, query):
    shown = play(**query)
    kept = session(shown).pages[PlayState]
    assert not shown.exception and (kept.image, kept.speed) == (7, "full")


def test_a_network_that_cannot_work_says_so_and_cannot_be_trained(play):
    shown = play()
    state = session(shown)
    state.cards = state.cards[:-1]  # no Flatten before the classifier
    shown.run()
    assert not shown.exception
    assert any("cannot be trained yet" in error.value for error in shown.error)
    assert shown.button(key="play_train").disabled


def test_a_dare_that_is_won_says_so(play, trained):
    trained.write_status(**{**trained.status(), "test_accuracy": 0.995})
    assert trained.config.architecture.parameters < 10_000
    shown = play()
    assert any("99.50%" in element.value and "Won" in element.value for element in shown.markdown)


def test_an_older_address_of_ones_own_takes_nothing_back(play):
    """A browser that is slow to follow sends what stood there a moment ago."""
    shown = play()
    before = shown.query_params["net"]
    press(shown, "play_over")
    assert session(shown).settings.seed == 1
    shown.query_params["net"] = before if isinstance(before, str) else before[0]
    shown.run()
    assert session(shown).settings.seed == 1


def test_a_network_whose_knob_was_turned_is_no_longer_named_by_its_preset(play):
    shown = play()
    field = next(box for box in shown.selectbox if box.label == "Network")
    assert field.value == "compact"
    shown.session_state["playground"].settings = PRESETS["compact"].settings.changed(epochs=5)
    shown.run()
    field = next(box for box in shown.selectbox if box.label == "Network")
    assert field.value is None
    assert field.placeholder == "Compact CNN, changed"


def test_knobs_turned_faster_than_the_page_is_drawn_all_count(play):
    shown = play()
    for label, value in (("Blocks", 2), ("Filters", 8), ("Kernel", 5)):
        next(box for box in shown.selectbox if box.label == label).set_value(value)
    next(one for one in shown.select_slider if one.label == "Training images").set_value(1_000)
    shown.run()
    assert not shown.exception, shown.exception
    wanted = Knobs(blocks=2, filters=8, kernel_size=5).architecture()
    assert session(shown).architecture == wanted
    assert session(shown).settings.train_images == 1_000


def test_other_images_are_chosen_and_trained_on_where_it_trained(play, started, monkeypatch):
    shown = play()
    choice = next(box for box in shown.selectbox if box.label == "Data set")
    assert choice.options == ["MNIST sample"]  # what is on this machine
    assert any("3,500 images to learn from" in text.value for text in shown.caption)
    monkeypatch.setattr("ui.play.data.is_on_disk", lambda name: True)
    press(shown, "play_train")
    ((run, _),) = started
    lock = training(run)
    choice = next(box for box in shown.run().selectbox if box.label == "Data set")
    choice.set_value("fashion-mnist").run()
    lock.release()
    assert not shown.exception, shown.exception
    assert session(shown).dataset == "fashion-mnist"
    assert run.control()["discard"] and len(started) == 2
    assert started[-1][0].config.dataset == "fashion-mnist"


def test_a_name_that_no_list_holds_chooses_nothing(play):
    """A browser may send any text as its choice."""
    shown, sent = play(), WidgetStates()
    known = (session(shown).settings, session(shown).dataset_name, list(session(shown).cards))
    for label in ("Network", "Data set", "Speed"):
        box = next(box for box in shown.selectbox if box.label == label)
        sent.widgets.append(WidgetState(id=box.id, string_value="../etc"))
    shown._run(sent)
    assert not shown.exception, shown.exception
    assert (session(shown).settings, session(shown).dataset_name, session(shown).cards) == known
    assert session(shown).pages[PlayState].speed == "full"
