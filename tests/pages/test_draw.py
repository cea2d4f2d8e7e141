"""Draw: the invitation, the answer, numbers, the game, my digits; nothing crashes."""

import io
import json
import re
import shutil

import numpy as np
import pillow_heif
import pytest
from PIL import Image
from streamlit.testing.v1.element_tree import Block

from cnn.drawing import my_digits
from cnn.recognition import calibration
from cnn.runs import finetune
from tests.cnn.runs.test_copies import classes_of
from tests.cnn.runs.test_finetune import drawings
from tests.pages.sheets import sheets_of
from tests.strokes import ONE, SEVEN, ZERO, beside, fabric
from ui.draw.state import DrawState
from ui.shared import models, projector
from ui.shared.image_choice import ImageChoice
from ui.shared.plain_text import plain


@pytest.fixture(autouse=True)
def own_data(data_folder):
    yield
    my_digits.path().unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def no_detector(monkeypatch):
    """Fitting it takes seconds; its own tests do that."""
    monkeypatch.setattr(models, "detector_ready", lambda run: False)
    monkeypatch.setattr(models, "detector_pending", lambda run: False)


@pytest.fixture
def drawn(app):
    """`drawn(strokes)`: the page with that drawing on its sheet."""

    def show(strokes, **choices):
        page = app("learn")
        if strokes:
            sheets_of(page)["draw"].add(fabric(strokes))
        for key, choice in choices.items():
            page.session_state[key] = choice
        page.switch_page("pages/draw.py").run()
        assert not page.exception, page.exception
        return page

    return show


def kept(page):
    """What the page keeps besides its widgets' values."""
    return page.session_state.playground.pages.setdefault(DrawState, DrawState())


def text(page):
    return " ".join(m.value for m in page.markdown)


def test_an_empty_sheet_invites_and_predicts_nothing(drawn, trained):
    page = drawn([])
    assert "Your turn" in text(page)
    assert not page.get("plotly_chart")


@pytest.mark.parametrize(("strokes", "digit"), [(SEVEN, "7"), (ONE, "1"), (ZERO, "0")])
def test_a_digit_is_read(drawn, trained, strokes, digit):
    page = drawn(strokes)
    assert f"## {digit}" in [m.value for m in page.markdown]
    assert len(page.get("plotly_chart")) == 1


def test_what_is_no_digit_is_said_to_be_none(drawn, trained, monkeypatch):
    monkeypatch.setattr(models, "detector_ready", lambda run: True)
    monkeypatch.setattr(calibration, "digit_scores", lambda run, model, images: [0.1] * len(images))
    page = drawn(SEVEN, draw_view="All runs")
    assert "That does not look like a digit to me" in text(page)
    assert "If it had to be one: **7**" in text(page)
    assert "## 7" not in [m.value for m in page.markdown]
    (bars,) = (json.loads(chart.proto.spec) for chart in page.get("plotly_chart"))
    assert len(set(bars["data"][0]["marker"]["color"])) == 1  # there is no winner
    assert any("here each run has to name one" in caption.value for caption in page.caption)


def test_a_number_is_read_digit_by_digit(drawn, trained):
    assert "## 7 0" in [m.value for m in drawn(beside(SEVEN, ZERO)).markdown]


@pytest.mark.parametrize("strokes", [[[(9, 9)]], [[(9, 9), (9, 9)]], [[(0, 0), (280, 280)]] * 40])
def test_a_dot_or_a_scribble_does_not_crash(drawn, trained, strokes):
    drawn(strokes)


@pytest.mark.parametrize("view", ["Preparation", "Second place", "All runs", "Over the epochs"])
def test_every_view_of_a_drawing_opens(drawn, trained, view):
    page = drawn(SEVEN, draw_view=view)
    assert not page.error
    if view == "All runs":
        table = page.dataframe[0].value
        assert list(table["Run"]) == [trained.name] and list(table["Reads"]) == ["7"]
        assert not any("has to name one" in caption.value for caption in page.caption)


def test_the_preparation_can_be_switched_off_and_stays_so(drawn, trained):
    page = drawn(SEVEN)
    page.toggle(key="draw_prepared").set_value(False).run()
    assert any("merely shrunk" in caption.value for caption in page.caption)
    page.switch_page("pages/learn.py").run()
    page.switch_page("pages/draw.py").run()
    assert any("merely shrunk" in caption.value for caption in page.caption)


def test_undo_redo_and_clear(drawn, trained):
    page = drawn(SEVEN)
    page.button(key="draw_clear").click().run()
    assert "Your turn" in text(page)
    page.button(key="draw_undo").click().run()
    assert "## 7" in text(page)
    page.button(key="draw_redo").click().run()
    assert "Your turn" in text(page)


def test_the_drawing_outlives_a_page_switch(drawn, trained):
    page = drawn(SEVEN)
    page.switch_page("pages/evaluate.py").run()
    page.switch_page("pages/draw.py").run()
    assert "## 7" in text(page)


def test_one_click_leads_to_inspect_with_the_drawing_chosen(drawn, trained):
    page = drawn(SEVEN)
    page.button(key="draw_inspect").click().run()
    assert not page.exception
    play = page.session_state.playground
    assert play.page == "inspect" and play.pages[ImageChoice].source == "My drawing"
    np.testing.assert_equal(play.pages[ImageChoice].drawing.shape, (28, 28))


def picture(kind):
    strokes = np.zeros((60, 40), np.uint8)
    strokes[5:55, 18:23] = 255
    if kind == "broken":
        return b"\x89PNG no picture"
    if kind == "blank":
        image = Image.new("RGB", (50, 50), "white")
    elif kind == "transparent":
        image = Image.fromarray(np.dstack([np.zeros((60, 40, 3), np.uint8), strokes]))
    else:
        image = Image.fromarray(strokes if kind == "light" else 255 - strokes)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("kind", ["light", "dark", "transparent"])
def test_an_upload_is_read(drawn, trained, kind):
    page = uploaded(drawn, kind)
    assert "## 1" in text(page)


def uploaded(drawn, kind):
    page = drawn([], draw_part="Upload")
    page.file_uploader[0].upload("digit.png", picture(kind), "image/png").run()
    assert not page.exception, page.exception
    return page


def test_a_removed_upload_takes_its_answer_along(drawn, trained):
    page = uploaded(drawn, "light")
    page.file_uploader[0].clear().run()
    assert "## 1" not in text(page) and "Choose a picture of a digit" in text(page)


def test_an_upload_outlives_a_page_switch_and_can_be_removed_then(drawn, trained):
    page = uploaded(drawn, "light")
    page.switch_page("pages/learn.py").run()
    page.switch_page("pages/draw.py").run()
    assert "## 1" in text(page)
    page.button(key="draw_file_remove").click().run()
    assert "## 1" not in text(page) and "Your turn" in text(page)


def test_a_photograph_of_a_phone_is_read(drawn, trained):
    pillow_heif.register_heif_opener()
    file = io.BytesIO()
    Image.open(io.BytesIO(picture("dark"))).convert("RGB").save(file, "HEIF")
    page = drawn([], draw_part="Upload")
    page.file_uploader[0].upload("IMG_0001.heic", file.getvalue(), "image/heic").run()
    assert "## 1" in text(page)


@pytest.mark.parametrize("kind", ["broken", "blank"])
def test_a_picture_without_a_digit_says_so(drawn, trained, kind):
    page = uploaded(drawn, kind)
    assert len(page.warning) == 1 and "Choose a picture of a digit" in text(page)


def test_my_digits_are_kept_scored_and_removed(drawn, trained):
    page = drawn(SEVEN, draw_part="My digits")
    page.button(key="mine_label_7").click().run()
    assert not page.exception
    assert [d.label for d in my_digits.load()] == [7]
    table = page.dataframe[0].value
    assert list(table["My digits"]) == [1.0] and list(table["Misread"]) == ["none"]
    assert page.button(key="mine_teach").disabled  # too few
    page.button(key="mine_remove").click().run()
    assert my_digits.load() == []


def test_a_failed_fine_tuning_is_shown_at_its_own_run_alone(drawn, trained, runs_folder):
    other = shutil.copytree(trained.path, runs_folder / "20200101-000000-another-0000")
    my_digits.add(drawings())
    failed = finetune.create_run(trained, drawings())
    failed.write_status(state="failed", message="The device ran out of memory.")
    page = drawn([], draw_part="My digits")
    said = [plain("The device ran out of memory.")]
    for run_id, shown in ((trained.id, said), (other.name, []), (trained.id, said)):
        key = next(box.key for box in page.selectbox if box.label == "Run")
        page.selectbox(key=key).set_value(run_id).run()
        assert not page.exception and [error.value for error in page.error] == shown
    names = list(page.dataframe[0].value["Run"])  # two of one name are told apart
    assert len(set(names)) == 2 and all(name.startswith(f"{trained.name} · ") for name in names)


def test_the_sheet_is_larger_on_a_projector(drawn, trained):
    def width(page):
        protos = (node.proto for node in page.main if isinstance(node, Block))
        sheets = (p for p in protos if getattr(p, "id", "").endswith("canvas"))
        return next(sheets).width_config.pixel_width

    page = drawn(SEVEN)
    usual = width(page)
    page.button("projector").click().run()
    assert width(page) == round(usual * projector.LARGER) >= 525
    assert "## 7" in text(page)  # it is read as it was


def test_a_whole_game(drawn, trained):
    page = drawn([], draw_part="Game")
    page.button(key="game_start").click().run()
    order = kept(page).game.order
    assert sorted(order) == list(range(10))
    for _ in order:
        sheets_of(page)["game"].add(fabric(ONE))
        page.run()
        page.button(key="game_next").click().run()
        assert not page.exception
    metrics = {metric.label: metric.value for metric in page.metric}
    assert metrics["Score"] == "1 of 10"
    assert "The network misread these" in text(page)
    page.button(key="game_keep").click().run()
    assert sorted(d.label for d in my_digits.load()) == list(range(10))


@pytest.mark.parametrize("dataset", ["fashion-mnist", "kmnist"])
def test_a_run_that_reads_no_digits_neither_plays_nor_is_taught(drawn, trained, dataset):
    classes_of(trained, dataset)
    my_digits.add(drawings())
    page = drawn([], draw_part="Game")
    assert any("does not read the digits" in i.value for i in page.info)
    assert not any(b.key == "game_start" for b in page.button)
    page = drawn([], draw_part="My digits")
    assert any("does not read the digits" in i.value for i in page.info)
    assert page.button(key="mine_teach").disabled


def test_a_character_of_several_parts_is_read_as_one(drawn, trained):
    page = drawn(beside(SEVEN, ZERO))
    assert "It reads 2 digits" in text(page)
    classes_of(trained, "kmnist")
    page = drawn(beside(SEVEN, ZERO))
    assert "It reads 2 digits" not in text(page)
    assert page.get("plotly_chart")
    assert "tells apart: o, ki, su" in text(drawn([]))


def heard(page, key="answer"):
    """What a live region says."""
    found = [element.proto for element in page.get("bidi_component")]
    texts = [p.json for p in found if p.component_name == "cnn_live_region"]
    return json.loads(texts[0])["text"] if texts else None


def test_a_digit_can_be_written_without_a_mouse_and_the_answer_is_heard(drawn, trained):
    page = drawn([])
    assert heard(page) == ""
    page.button("draw_example").click().run()
    assert re.match(r"It reads \d, \d+\.\d%\.", heard(page))
    assert "Your turn" not in text(page)
    page.button("draw_clear").click().run()
    assert heard(page) == ""
    assert page.button("draw_example").label == "Try an example 8"


def test_an_uploaded_picture_is_said_to_be_cropped(drawn, trained):
    captions = [c.value for c in uploaded(drawn, "light").caption]
    assert "cropped to its ink: no paper, lines or frame" in captions
    assert "as it came" not in captions
