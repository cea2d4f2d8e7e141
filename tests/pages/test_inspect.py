"""Inspect: every section opens on a trained run, answers, and keeps what was chosen."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from cnn import datasets, runs
from cnn.network import Architecture
from cnn.network.layers import Activation, Conv2d, Flatten, GlobalAvgPool, Linear, ResidualBlock
from cnn.runs.weights import load_model
from tests.made_runs import untrained_run
from ui.inspect.sections import SECTIONS
from ui.inspect.state import InspectState
from ui.shared.components import scale_for
from ui.shared.image_choice import ImageChoice


def open_section(page, section: str):
    """The page with that section open."""
    page.segmented_control(key="inspect_section").set_value(section).run()
    assert not page.exception, page.exception
    assert not page.error, page.error
    return page


def untrained(*layers) -> runs.Run:
    """A finished run of a network as it was born."""
    return untrained_run(Architecture(layers=layers))


def words(page) -> str:
    """All text on the page."""
    return " ".join(e.value for kind in (page.markdown, page.caption, page.latex) for e in kind)


def kept(page) -> InspectState:
    """What the page keeps in the session."""
    return page.session_state.playground.pages[InspectState]


def image_choice(page) -> ImageChoice:
    return page.session_state.playground.pages[ImageChoice]


def component(page, name: str) -> dict:
    """What a component of ours was given to draw."""
    found = (element.proto for element in page.get("bidi_component"))
    return json.loads(next(proto.json for proto in found if proto.component_name == name))


def choice(page, run):
    return kept(page).runs[run.id].choice


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_opens(app, trained, section):
    open_section(app("inspect"), section)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_opens_on_a_network_without_convolutions(app, section):
    untrained(Flatten(), Linear(units=8))
    page = app("inspect")
    page.session_state["inspect_layout"] = "pca"  # at once
    open_section(page, section)
    if section in ("Filters", "Surgery"):
        assert "no convolution" in page.info[0].value


@pytest.mark.parametrize("section", ["Map", "Arithmetic", "Filters", "Surgery", "In 3D"])
def test_residual_blocks_open_too(app, section):
    run = untrained(Conv2d(filters=4), ResidualBlock(filters=6, stride=2), GlobalAvgPool())
    page = app("inspect")
    choice(page, run).layer = 2
    open_section(page, section)


def test_the_arithmetic_of_every_layer_opens_and_adds_up(app, trained):
    page = app("inspect")
    layers = trained.config.architecture.all_layers
    for number in range(len(layers) + 1):
        chosen = choice(page, trained)
        chosen.layer, chosen.channel, chosen.row, chosen.column = number, 0, 1, 1
        open_section(page, "Arithmetic")
        if number and layers[number - 1].kind not in ("conv2d", "max_pool2d"):
            assert ":green[:material/check:]" in words(page), layers[number - 1].summary


def test_layer_and_map_can_be_chosen_without_a_mouse(app, trained):
    page = open_section(app("inspect"), "Map")
    page.selectbox(key=f"map_layer_0_{trained.id}").set_value(5).run()
    assert choice(page, trained).layer == 5
    page.number_input(key=f"map_map_5_0_{trained.id}").set_value(7).run()
    assert choice(page, trained).channel == 7
    assert not page.exception


def test_leafing_through_a_class_shows_only_that_class(app, trained):
    page = app("inspect")
    labels = datasets.load("mnist-sample").test_labels.numpy()
    page.selectbox(key="inspect_class").set_value(4).run()
    first = image_choice(page).index
    assert labels[first] == 4
    page.button(key="inspect_next").click().run()
    assert labels[image_choice(page).index] == 4 and image_choice(page).index > first
    page.button(key="inspect_before").click().run()
    assert image_choice(page).index == first


@pytest.mark.parametrize("source", ["Noise", "My drawing", "Upload"])
def test_other_sources_of_images(app, trained, source):
    page = app("inspect")
    image_choice(page).drawing = np.eye(28, dtype=np.float32)
    page.segmented_control(key="inspect_source").set_value(source).run()
    assert not page.exception and not page.error
    shows_it = any(control.key == "inspect_section" for control in page.segmented_control)
    assert shows_it == (source != "Upload")  # nothing is uploaded yet


def test_it_opens_on_the_first_convolution(app, trained):
    page = app("inspect")
    assert choice(page, trained).layer == 1
    assert trained.config.architecture.layers[0].kind == "conv2d"


def test_a_removed_upload_takes_its_answer_along(app, trained):
    strokes = np.full((60, 40), 255, np.uint8)
    strokes[5:55, 18:23] = 0
    file = io.BytesIO()
    Image.fromarray(strokes).save(file, "PNG")
    page = app("inspect")
    page.segmented_control(key="inspect_source").set_value("Upload").run()

    def answered() -> bool:
        assert not page.exception
        return any(control.key == "inspect_section" for control in page.segmented_control)

    page.file_uploader[0].upload("one.png", file.getvalue(), "image/png").run()
    assert answered()
    page.file_uploader[0].clear().run()
    assert not answered()
    page.file_uploader[0].upload("one.png", file.getvalue(), "image/png").run()
    page.switch_page("pages/learn.py").run()
    page.switch_page("pages/inspect.py").run()
    assert answered()
    page.button(key="inspect_file_remove").click().run()
    assert not answered()


def test_a_missing_drawing_leads_to_draw(app, trained):
    page = app("inspect")
    page.segmented_control(key="inspect_source").set_value("My drawing").run()
    assert "Nothing is drawn yet" in page.info[0].value


def test_fields_of_a_layer_or_map_belong_to_their_run(app, trained):
    other = untrained(Conv2d(filters=12), Activation(), GlobalAvgPool())
    page = app("inspect", run=other.id)
    strongest = choice(page, other).channel
    wanted = 0 if strongest else 1
    page.switch_page("pages/inspect.py")
    page.selectbox(key=f"run_picker_inspect_{other.id}").set_value(trained.id).run()
    page.selectbox(key=f"map_layer_0_{trained.id}").set_value(1).run()
    page.number_input(key=f"map_map_1_0_{trained.id}").set_value(wanted).run()
    page.selectbox(key=f"run_picker_inspect_{trained.id}").set_value(other.id).run()
    assert page.number_input(key=f"map_map_1_0_{other.id}").value == strongest
    assert f"map {strongest}" in words(page)
    page.selectbox(key=f"map_layer_0_{other.id}").set_value(2).run()
    assert not page.exception
    assert choice(page, other).layer == 2


def test_the_epoch_slider_and_play(app, trained):
    page = app("inspect")
    slider = page.select_slider[0]
    assert slider.options[-1] == "end"
    slider.set_value(0).run()
    state = kept(page)
    assert state.runs[trained.id].epoch == 0
    page.button(key="inspect_play").click().run()
    assert state.player.playing is True
    state.player.ticked = 0.0  # time has passed
    page.run()
    assert state.runs[trained.id].epoch == 1
    page.button(key="inspect_play").click().run()
    assert state.player.playing is False


def test_switching_a_filter_off_and_undoing_it(app, trained):
    page = open_section(app("inspect"), "Surgery")
    before = page.metric[0].value
    page.button(key="surgery_off").click().run()
    assert "off" in words(page)
    assert page.metric[0].value == before
    assert page.metric[1].delta
    page.button(key="surgery_undo").click().run()
    assert "Nothing is changed yet" in words(page)


def test_a_kernel_is_negated_and_every_change_by_a_button_is_undone_by_itself(app, trained):
    page = open_section(app("inspect"), "Surgery")
    editor = component(page, "inspect_kernel")
    assert editor["scale"] == scale_for(True)  # as Filters has it
    weights = load_model(trained)[0].weight[choice(page, trained).channel].detach().numpy()
    assert editor["peak"] == pytest.approx(np.abs(weights).max())
    for name in ("negate", "average"):
        page.button(key=f"surgery_{name}").click().run()
        assert not page.exception
    negated, even = (np.array(edit.values) for edit in kept(page).runs[trained.id].edits)
    number, layer = (kept(page).runs[trained.id].edits[0].channel, 1)
    weights = load_model(trained)[layer - 1].weight[number, 0].detach().numpy()
    np.testing.assert_allclose(negated, -weights, rtol=1e-6)
    np.testing.assert_allclose(even, np.full((3, 3), np.abs(weights).mean()), rtol=1e-6)
    page.button(key="surgery_undo").click().run()
    assert len(kept(page).runs[trained.id].edits) == 1


def test_a_network_without_maps_opens_on_the_score_of_what_it_reads(app):
    run = untrained(Flatten())
    page = app("inspect")
    image = datasets.load("mnist-sample").test_images[:1]
    guess = int(load_model(run)(run.preprocessing(image)).argmax())
    assert choice(page, run).channel == guess
    page.button(key="inspect_next").click().run()
    image = datasets.load("mnist-sample").test_images[1:2]
    assert choice(page, run).channel == int(load_model(run)(run.preprocessing(image)).argmax())


def test_edits_are_kept_as_a_new_run(app, trained):
    page = open_section(app("inspect"), "Surgery")
    page.button(key="surgery_off").click().run()
    page.text_input(key=f"surgery_name_{trained.id}").set_value("Blind on one eye").run()
    page.button(key="surgery_keep").click().run()
    assert not page.exception
    kept = [run for run in runs.list_runs() if run.id != trained.id]
    assert [run.name for run in kept] == ["Blind on one eye"]
    assert page.session_state.playground.run_id == kept[0].id


def test_an_image_is_made_for_a_filter(app, trained):
    page = open_section(app("inspect"), "Filters")
    page.button(key="maximise_start").click().run()
    assert "rose from" in words(page)


def test_why_not_another_class(app, trained):
    page = open_section(app("inspect"), "Where it looks")
    assert "add up to" in words(page)
    against = f"look_against_{trained.id}"
    assert page.selectbox(key=against).label == "rather than"
    assert page.selectbox(key=against).value is None
    other = page.selectbox(key=against).options[1]
    page.selectbox(key=against).select(other).run()
    assert f"blue for {other}" in words(page)


def test_the_test_set_by_image_and_by_layer(app, trained):
    page = app("inspect")
    page.session_state["inspect_layout"] = "pca"
    open_section(page, "Test set")
    assert "read wrongly" in words(page)
    page.segmented_control(key="inspect_set_view").set_value("Layers").run()
    assert not page.exception
    assert "spread over" in words(page)


def test_a_choice_outlives_a_page_switch(app, trained):
    page = open_section(app("inspect"), "Filters")
    page.switch_page("pages/learn.py").run()
    page.switch_page("pages/inspect.py").run()
    assert page.session_state["inspect_section"] == "Filters"
    assert "What activates filter" in words(page)
