"""The Design page in Streamlit's test runner: every way to change a network, and the ways back."""

from __future__ import annotations

import pytest

from cnn.export.share_link import to_link
from cnn.network import Architecture, from_json, to_json
from cnn.network.layers import LAYER_KINDS, Conv2d, Flatten, Linear, MaxPool2d, show
from cnn.presets import PRESETS
from cnn.training import Settings
from ui.design.palette import suitable_place
from ui.shared.plain_text import plain


def play(page):
    return page.session_state.playground


def kinds(page) -> list[str]:
    return [card.layer.kind for card in play(page).cards]


def button(page, key: str):
    return page.button(key=key)


def open_card(page, number: int) -> int:
    uid = play(page).cards[number - 1].uid
    button(page, f"open_{uid}").click().run()
    return uid


def preset(page, name: str):
    key = next(box.key for box in page.selectbox if box.key.startswith("preset_"))
    page.selectbox(key=key).set_value(name).run()
    assert not page.exception
    return page


@pytest.mark.parametrize("name", ["tutorial", "lenet5", "mini-resnet"])
def test_a_preset_becomes_the_network(app, name):
    page = preset(app("design"), name)
    assert play(page).architecture == PRESETS[name].architecture
    assert play(page).settings == PRESETS[name].settings
    assert any(PRESETS[name].about in caption.value for caption in page.caption)


def test_a_layer_from_the_palette_goes_where_it_works_or_below_the_open_card(app):
    page = app("design")
    button(page, "add_conv2d").click().run()
    assert kinds(page)[-2:] == ["conv2d", "flatten"]
    open_card(page, 1)
    button(page, "add_dropout").click().run()
    assert kinds(page)[:2] == ["conv2d", "dropout"]
    assert play(page).chosen == play(page).cards[1].uid
    assert not page.error


def test_one_can_begin_with_nothing_but_input_and_output(app):
    page = preset(app("design"), "empty")
    assert kinds(page) == ["flatten"] and play(page).title == "My network" and not page.error
    button(page, "add_conv2d").click().run()
    assert kinds(page) == ["conv2d", "flatten"] and not page.error
    box = next(box for box in page.selectbox if box.key.startswith("preset_"))
    assert box.value is None  # it is a network of one's own now
    button(page, "undo").click().run()
    assert kinds(page) == ["flatten"]


@pytest.mark.parametrize("number", range(14))
def test_a_layer_of_the_palette_goes_to_the_nearest_place_where_all_works(number):
    architecture = PRESETS["compact"].architecture
    layers = architecture.layers
    for layer in (kind() for kind in LAYER_KINDS.values()):
        works = [
            place
            for place in range(len(layers) + 1)
            if not architecture.changed(layers=(*layers[:place], layer, *layers[place:])).problem()
        ]
        place = suitable_place(architecture, layer, number)
        if works:  # a second Flatten, say, works nowhere
            assert place in works
            assert abs(place - number) == min(abs(other - number) for other in works)


def test_below_an_open_card_nothing_is_put_that_cannot_work(app):
    page = app("design")
    open_card(page, 13)  # its Flatten
    button(page, "add_conv2d").click().run()
    assert kinds(page)[-2:] == ["conv2d", "flatten"] and not page.error


def test_the_totals_of_a_network_that_cannot_work_are_those_of_the_part_that_does(app):
    page = app("design")
    uid = play(page).cards[12].uid  # its Flatten
    open_card(page, 13)
    button(page, f"remove_{uid}").click().run()
    said = " ".join(m.value for m in (*page.markdown, *page.caption))
    assert "As far as layer 12: layer 13 cannot work." in said
    assert "**52,392** parameters" in said


def test_a_card_moves_is_duplicated_switched_off_and_removed(app):
    page = preset(app("design"), "lenet5")
    before = kinds(page)
    uid = open_card(page, 2)
    button(page, f"up_{uid}").click().run()
    assert kinds(page) == [before[1], before[0], *before[2:]]
    button(page, f"down_{uid}").click().run()
    assert kinds(page) == before
    button(page, f"copy_{uid}").click().run()
    assert kinds(page) == [*before[:2], before[1], *before[2:]]
    copy = play(page).chosen
    assert copy != uid
    button(page, f"switch_{copy}").click().run()
    assert not play(page).cards[2].layer.enabled
    assert len(kinds(page)) == len(before) + 1
    button(page, f"switch_{copy}").click().run()
    assert play(page).cards[2].layer.enabled
    button(page, f"remove_{copy}").click().run()
    assert kinds(page) == before
    assert play(page).architecture == PRESETS["lenet5"].architecture


def test_a_slider_changes_the_network_at_once_and_undo_and_redo_follow(app):
    page = app("design")
    assert button(page, "undo").disabled
    uid = open_card(page, 1)
    slider = next(s for s in page.slider if s.label == "Filters")
    slider.set_value(40).run()
    assert play(page).cards[0].layer.filters == 40
    button(page, f"copy_{uid}").click().run()
    button(page, "undo").click().run()
    assert len(kinds(page)) == 13
    button(page, "undo").click().run()
    assert play(page).cards[0].layer.filters == 24
    assert next(s for s in page.slider if s.label == "Filters").value == 24
    assert button(page, "undo").disabled
    button(page, "redo").click().run()
    button(page, "redo").click().run()
    assert len(kinds(page)) == 14
    assert play(page).cards[0].layer.filters == 40
    assert button(page, "redo").disabled


def test_undoing_a_preset_brings_back_its_predecessors_settings(app):
    page = preset(app("design"), "tutorial")
    button(page, "undo").click().run()
    assert play(page).architecture == PRESETS["compact"].architecture
    assert play(page).settings == PRESETS["compact"].settings


def test_a_changed_preset_is_no_longer_called_by_its_name(app):
    page = app("design")
    assert page.selectbox[0].value == "compact"
    button(page, "add_dropout").click().run()
    assert page.selectbox[0].value is None
    assert page.selectbox[0].placeholder == "Compact CNN, changed"
    about = [caption.value for caption in page.caption]
    assert PRESETS["compact"].about not in about
    assert "Begun from Compact CNN, and changed since." in about
    preset(page, "compact")
    assert page.selectbox[0].value == "compact"


def test_an_impossible_layer_says_why_in_its_card_and_one_button_fixes_it(app):
    pools = (MaxPool2d(kernel_size=7, stride=7), MaxPool2d(kernel_size=5, stride=5))
    broken = Architecture(layers=(Conv2d(), *pools, Flatten()))
    page = app("", net=to_link(broken, Settings()))
    page.switch_page("pages/design.py").run()
    assert page.error[0].value == plain("Its input is 4×4, the window does not fit.")
    first = button(page, "fix_first")
    assert first.label == "Fix layer 3 first"
    first.click().run()
    uid = play(page).cards[2].uid
    assert play(page).chosen == uid  # its card is open, where the fixes are
    button(page, f"fix_{uid}_0").click().run()
    assert not page.error
    assert play(page).architecture.problem() is None
    assert not button(page, "train").disabled
    assert len(kinds(page)) == 4


def test_every_fix_on_offer_fixes_its_layer(app):
    broken = Architecture(layers=(Conv2d(), Linear(), Flatten()))
    link = to_link(broken, Settings())
    page = app("", net=link)
    page.switch_page("pages/design.py").run()
    uid = play(page).cards[1].uid
    offered = [b.label for b in page.button if b.key.startswith(f"fix_{uid}_")]
    assert "Add Flatten above" in offered
    for index in range(len(offered)):
        button(page, f"fix_{uid}_{index}").click().run()
        rows = play(page).architecture.table()
        failing = next((row.layer.kind for row in rows if row.problem), None)
        assert failing != "linear"
        button(page, "undo").click().run()
        assert play(page).architecture == broken


def test_the_layers_stand_in_the_cards_and_nowhere_else(app):
    page = preset(app("design"), "lenet5")
    assert not page.dataframe
    cells = [caption.value for caption in page.caption]
    for row in PRESETS["lenet5"].architecture.table():
        assert f"**{show(row.output_shape)}**" in cells
        assert not row.parameters or f"{row.parameters:,}" in cells
    open_card(page, 3)
    assert any("Each output sees 6×6 pixels" in caption.value for caption in page.caption)


def test_the_network_survives_a_page_switch(app):
    page = preset(app("design"), "lenet5")
    uid = open_card(page, 2)
    button(page, f"remove_{uid}").click().run()
    wanted = play(page).architecture
    page.switch_page("pages/train.py").run()
    page.switch_page("pages/design.py").run()
    assert play(page).architecture == wanted
    assert not button(page, "undo").disabled
    button(page, "undo").click().run()
    assert play(page).architecture == PRESETS["lenet5"].architecture


def export(page, kind: str):
    group = next(g for g in page.button_group if g.key == "export")
    group.set_value([kind] if isinstance(group.value, list) else kind).run()
    assert not page.exception
    return page


def upload(page, content: bytes):
    page.file_uploader[0].upload("network.json", content, "application/json").run()
    assert not page.exception
    return page


def test_json_out_and_in_again(app):
    page = export(preset(app("design"), "lenet5"), "File")
    text = next(block.value for block in page.code if block.language == "json")
    assert from_json(text) == PRESETS["lenet5"].architecture
    page = export(preset(page, "tutorial"), "File")
    upload(page, text.encode())
    assert play(page).architecture == PRESETS["lenet5"].architecture
    button(page, "undo").click().run()
    assert play(page).architecture == PRESETS["tutorial"].architecture


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not json", "This is not JSON"),
        (b'{"layers": [{"kind": "conv2d", "filters": 0}]}', "Layer 1 (conv2d), field 'filters'"),
        (b'{"layers": [{"kind": "warp"}]}', "Layer 1 (warp) is of no known kind"),
        (b'{"version": 9, "layers": []}', "version 9"),
    ],
)
def test_a_bad_file_is_explained_and_nothing_is_lost(app, content, said):
    page = export(app("design"), "File")
    before = play(page).architecture
    upload(page, content)
    assert said in page.error[0].value.replace("\\", "")
    assert play(page).architecture == before


def test_an_answer_to_a_file_goes_with_it(app):
    page = upload(export(app("design"), "File"), b"not json")
    page.file_uploader[0].clear().run()
    assert not page.error
    upload(page, b"not json")
    assert page.error
    page.switch_page("pages/learn.py").run()
    page.switch_page("pages/design.py").run()
    assert not page.error  # there is no file to remove any more
    upload(page, to_json(PRESETS["lenet5"].architecture).encode())
    assert "Undo brings back yours" in page.success[0].value
    button(page, "undo").click().run()
    assert not page.success


def test_a_share_link_opens_as_that_configuration(app):
    page = export(preset(app("design"), "lenet5"), "Link")
    address = next(block.value for block in page.code if "?net=" in block.value)
    assert len(address) < 2000
    token = address.partition("?net=")[2]
    other = app("", net=token)
    assert play(other).architecture == PRESETS["lenet5"].architecture
    assert play(other).settings == PRESETS["lenet5"].settings
    assert play(other).preset == "lenet5"


def test_what_was_chosen_for_export_survives_a_page_switch(app):
    page = export(app("design"), "Link")
    next(m for m in page.multiselect if m.key == "link_fixed").set_value(["architecture"]).run()
    address = page.code[0].value
    page.switch_page("pages/learn.py").run()
    page.switch_page("pages/design.py").run()
    assert page.code[0].value == address
    page = export(export(page, "File"), "Link")
    assert page.code[0].value == address


def edited(token: str) -> str:
    return token[:20] + ("A" if token[20] != "A" else "B") + token[21:]


@pytest.mark.parametrize("damage", [lambda t: t[:-3], edited, lambda t: t + "!"])
def test_an_edited_link_is_explained_and_nothing_is_lost(app, damage):
    token = to_link(PRESETS["lenet5"].architecture, Settings())
    bad = damage(token)
    page = app("", net=bad)
    assert any("link" in warning.value for warning in page.warning)
    assert play(page).architecture == PRESETS["compact"].architecture
    assert bad not in page.query_params["net"]


def test_a_link_for_a_lesson_fixes_the_network_until_it_is_freed(app):
    token = to_link(PRESETS["lenet5"].architecture, Settings(), fixed={"architecture"})
    page = app("", net=token)
    page.switch_page("pages/design.py").run()
    uid = open_card(page, 1)
    assert button(page, f"remove_{uid}").disabled
    assert button(page, "add_conv2d").disabled
    assert all(slider.disabled for slider in page.slider)
    button(page, "free").click().run()
    assert not button(page, f"remove_{uid}").disabled


def test_a_foreign_files_text_is_not_markdown(app):
    page = export(app("design"), "File")
    upload(page, b'{"layers": [{"kind": "![x](http://example.org/x.png)"}]}')
    assert "![x](" not in page.error[0].value


def test_a_link_for_a_lesson_reaches_the_train_page(app):
    token = to_link(PRESETS["lenet5"].architecture, Settings(), fixed={"epochs"}, hidden={"seed"})
    page = app("", net=token)
    page.switch_page("pages/train.py").run()
    labels = {widget.label: widget for widget in (*page.slider, *page.number_input)}
    assert labels["Epochs"].disabled
    assert not labels["Batch size"].disabled
    assert "Seed" not in labels


def test_a_link_for_a_lesson_can_hide_the_layers(app):
    token = to_link(PRESETS["lenet5"].architecture, Settings(), hidden={"architecture"})
    page = app("", net=token)
    page.switch_page("pages/design.py").run()
    assert not [b for b in page.button if b.key.startswith("open_")]
    assert not button(page, "train").disabled


@pytest.mark.parametrize(("kind", "said"), [("PyTorch", "import torch"), ("Keras", "import keras")])
def test_the_source_is_shown(app, kind, said):
    page = export(app("design"), kind)
    source = page.code[0].value
    assert said in source
    compile(source, "train.py", "exec")


def test_one_batch_goes_through_the_untrained_network(app):
    page = app("design")
    button(page, "try_out").click().run()
    assert not page.exception
    said = " ".join(text.value for text in page.markdown)
    assert "The signal keeps its size" in said
    assert "guessing evenly costs 2.30" in said


def test_a_trained_run_is_exported_and_verified(app, trained):
    page = export(app("design"), "Run")
    button(page, "verify").click().run(timeout=120)
    assert not page.exception
    assert not page.error
    badges = [text.value for text in page.markdown if "same 1,000 predictions" in text.value]
    assert len(badges) == 2


def test_the_advice_is_on_the_page(app):
    page = preset(app("design"), "tutorial")
    assert any("A sigmoid for each class" in caption.value for caption in page.caption)
