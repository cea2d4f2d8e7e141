"""Inspect: every part opens on a trained run, answers, and keeps what was chosen."""

from __future__ import annotations

import numpy as np
import pytest

from cnn import datasets, runs
from cnn.common.files import write_tensors
from cnn.network import Architecture
from cnn.network.layers import Conv2d, Flatten, GlobalAvgPool, Linear, ResidualBlock
from cnn.training import Settings
from ui.inspect.sections import PARTS


def open_part(page, part: str):
    """The page with that part open."""
    page.segmented_control(key="inspect_part").set_value(part).run()
    assert not page.exception, page.exception
    assert not page.error, page.error
    return page


def untrained(*layers) -> runs.Run:
    """A finished run of a network as it was born."""
    network = Architecture(layers=layers)
    run = runs.new(network, Settings(epochs=1), "mnist-sample", "cpu")
    write_tensors(run.path / "checkpoints" / "epoch-000.safetensors", network.build().state_dict())
    run.write_status(state="finished", epoch=0, epochs=1)
    return run


def words(page) -> str:
    """All text on the page."""
    return " ".join(e.value for kind in (page.markdown, page.caption, page.latex) for e in kind)


def choice(page, run):
    return page.session_state.playground.fields[f"inspect_choice_{run.id}"]


@pytest.mark.parametrize("part", PARTS)
def test_every_part_opens(app, trained, part):
    open_part(app("inspect"), part)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_opens_on_a_network_without_convolutions(app, part):
    untrained(Flatten(), Linear(units=8))
    page = open_part(app("inspect"), part)
    if part in ("Filters", "Surgery"):
        assert "no convolution" in page.info[0].value


@pytest.mark.parametrize("part", ["Map", "Arithmetic", "Filters", "Surgery", "In 3D"])
def test_residual_blocks_open_too(app, part):
    run = untrained(Conv2d(filters=4), ResidualBlock(filters=6, stride=2), GlobalAvgPool())
    page = app("inspect")
    choice(page, run).layer = 2
    open_part(page, part)


def test_the_arithmetic_of_every_layer_opens_and_adds_up(app, trained):
    page = app("inspect")
    layers = trained.config.architecture.all_layers
    for number in range(len(layers) + 1):
        chosen = choice(page, trained)
        chosen.layer, chosen.channel, chosen.row, chosen.column = number, 0, 1, 1
        open_part(page, "Arithmetic")
        if number and layers[number - 1].kind not in ("conv2d", "max_pool2d"):
            assert ":green[:material/check:]" in words(page), layers[number - 1].summary


def test_layer_and_map_can_be_chosen_without_a_mouse(app, trained):
    page = open_part(app("inspect"), "Map")
    page.selectbox(key="map_layer_0").set_value(5).run()
    assert choice(page, trained).layer == 5
    page.number_input(key="map_map_5_0").set_value(7).run()
    assert choice(page, trained).channel == 7
    assert not page.exception


def test_leafing_through_a_class_shows_only_that_class(app, trained):
    page = app("inspect")
    labels = datasets.load("mnist-sample").test_labels.numpy()
    page.selectbox(key="inspect_class").set_value(4).run()
    fields = page.session_state.playground.fields
    first = fields["inspect_index"]
    assert labels[first] == 4
    page.button(key="inspect_next").click().run()
    assert labels[fields["inspect_index"]] == 4 and fields["inspect_index"] > first
    page.button(key="inspect_before").click().run()
    assert fields["inspect_index"] == first


@pytest.mark.parametrize("source", ["Noise", "My drawing", "Upload"])
def test_other_sources_of_images(app, trained, source):
    page = app("inspect")
    page.session_state.playground.last_digit = np.eye(28, dtype=np.float32)
    page.segmented_control(key="inspect_source").set_value(source).run()
    assert not page.exception and not page.error
    shows_it = any(control.key == "inspect_part" for control in page.segmented_control)
    assert shows_it == (source != "Upload")  # nothing is uploaded yet


def test_a_missing_drawing_leads_to_draw(app, trained):
    page = app("inspect")
    page.segmented_control(key="inspect_source").set_value("My drawing").run()
    assert "Nothing is drawn yet" in page.info[0].value


def test_the_epoch_slider_and_play(app, trained):
    page = app("inspect")
    slider = page.select_slider[0]
    assert slider.options[-1] == "end"
    slider.set_value(0).run()
    fields = page.session_state.playground.fields
    assert fields[f"inspect_epoch_{trained.id}"] == 0
    page.button(key="inspect_play").click().run()
    assert fields["inspect_playing"] is True
    fields["inspect_ticked"] = 0.0  # time has passed
    page.run()
    assert fields[f"inspect_epoch_{trained.id}"] == 1
    page.button(key="inspect_play").click().run()
    assert fields["inspect_playing"] is False


def test_switching_a_filter_off_and_undoing_it(app, trained):
    page = open_part(app("inspect"), "Surgery")
    before = page.metric[0].value
    page.button(key="surgery_off").click().run()
    assert "off" in words(page)
    assert page.metric[0].value == before
    assert page.metric[1].delta
    page.button(key="surgery_undo").click().run()
    assert "Nothing is changed yet" in words(page)


def test_an_operation_is_kept_as_a_new_run(app, trained):
    page = open_part(app("inspect"), "Surgery")
    page.button(key="surgery_off").click().run()
    page.text_input(key="surgery_name").set_value("Blind on one eye").run()
    page.button(key="surgery_keep").click().run()
    assert not page.exception
    kept = [run for run in runs.list_runs() if run.id != trained.id]
    assert [run.name for run in kept] == ["Blind on one eye"]
    assert page.session_state.playground.run_id == kept[0].id


def test_an_image_is_made_for_a_filter(app, trained):
    page = open_part(app("inspect"), "Filters")
    page.button(key="dream_start").click().run()
    assert "rose from" in words(page)


def test_why_not_another_class(app, trained):
    page = open_part(app("inspect"), "Where it looks")
    assert "add up to" in words(page)
    other = page.selectbox(key="look_against").options[1]
    page.selectbox(key="look_against").select(other).run()
    assert f"blue for {other}" in words(page)


def test_the_test_set_by_image_and_by_layer(app, trained):
    page = open_part(app("inspect"), "Test set")
    assert "read wrongly" in words(page)
    page.segmented_control(key="inspect_set_view").set_value("Layers").run()
    assert not page.exception
    assert "spread over" in words(page)


def test_a_choice_outlives_a_page_switch(app, trained):
    page = open_part(app("inspect"), "Filters")
    page.switch_page("pages/learn.py").run()
    page.switch_page("pages/inspect.py").run()
    assert page.session_state.playground.fields["inspect_part"] == "Filters"
    assert "What excites filter" in words(page)
