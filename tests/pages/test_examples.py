"""A fresh server without runs: the examples fill every page, and nothing offers to change them."""

from __future__ import annotations

import shutil

import pytest

from cnn.recognition import detector
from tests.cnn.runs.test_copies import classes_of
from tests.cnn.runs.test_examples import IDS, contents
from tests.pages.sheets import sheets_of
from tests.pages.test_draw import text
from tests.pages.test_evaluate import metric
from tests.strokes import SEVEN, fabric
from ui.draw.state import DrawState
from ui.shared import loading, models

PAGES = ["play", "learn", "design", "train", "inspect", "draw", "evaluate"]
NOTE = "MNIST is not on this machine"


@pytest.fixture(autouse=True)
def never_written(examples):
    before = contents(examples)
    yield
    assert contents(examples) == before


@pytest.mark.parametrize("page", PAGES)
def test_a_fresh_servers_pages_show_the_first_example(app, page):
    shown = app(page)
    assert not shown.error and shown.query_params["run"] == IDS[0]
    assert "Compact CNN on MNIST" in " ".join(m.value for m in shown.sidebar.markdown)
    assert ":blue-badge[:material/school: example]" in [m.value for m in shown.sidebar.markdown]
    assert not [b for b in shown.button if b.key in ("resume", "start_again", "retry", "pause")]


def test_a_digit_is_read_without_anything_being_trained_or_fitted(app, monkeypatch):
    monkeypatch.setattr(detector, "_detectors", {})
    monkeypatch.setattr(detector, "fit", lambda *_: pytest.fail("fitted"))
    page = app("learn")
    sheets_of(page)["draw"].add(fabric(SEVEN))
    page.switch_page("pages/draw.py").run()
    assert not page.exception and "## 7" in [m.value for m in page.markdown]
    page.session_state["draw_view"] = "All runs"
    page.run()
    table = page.dataframe[0].value
    assert list(table["Run"]) == [
        "Compact CNN on MNIST · example",
        "Tutorial: one dense layer on MNIST · example",
    ]
    assert list(table["Reads"]) == ["7", "7"]


def test_inspect_looks_at_the_samples_images_and_says_so(app):
    page = app("inspect")
    assert [c.value for c in page.caption if NOTE in c.value]
    assert "**Conv 24 × 3×3, map" in text(page)
    page.session_state["inspect_section"] = "Test set"
    page.run()
    assert not page.exception and not page.error


def test_evaluate_looks_at_the_samples_images_and_says_so(app):
    page = app("evaluate")
    assert [i.value for i in page.info if NOTE in i.value] and not page.error
    assert metric(page, "Test accuracy") == f"{0.9938:.2%}"
    assert metric(page, "On these images") > "98"
    assert not [b for b in page.button if "Score" in b.label]


def test_a_damaged_example_is_said_and_cannot_be_deleted(app, examples, tmp_path, monkeypatch):
    folder = tmp_path / "copied"
    shutil.copytree(examples, folder)
    (folder / IDS[1] / "config.json").write_text("{")
    monkeypatch.setenv("CNN_EXAMPLES_DIR", str(folder))
    page = app("compare")
    assert [w.value for w in page.warning if "Get the folder" in w.value]
    assert not [b for b in page.button if b.key and b.key.startswith("delete_example")]


def test_ones_own_run_comes_first(app, trained):
    page = app("draw")
    assert page.query_params["run"] == trained.id
    assert page.selectbox[0].options == [
        "Small, trained",
        "Compact CNN on MNIST · example",
        "Tutorial: one dense layer on MNIST · example",
    ]


def test_a_link_opens_an_example_beside_ones_own(app, trained):
    page = app("inspect", run=IDS[1])
    assert page.query_params["run"] == IDS[1] and not page.error


def test_ones_own_run_whose_data_set_is_gone_is_shown_with_the_sample(app, trained):
    """Not of examples only: somebody moved a run here, or emptied the data folder."""
    classes_of(trained, "mnist")
    page = app("evaluate")
    assert [i.value for i in page.info if NOTE in i.value] and not page.error
    assert metric(page, "On these images") == f"{trained.status()['test_accuracy']:.2%}"


def test_no_images_stand_in_for_those_that_are_no_digits(app, trained):
    classes_of(trained, "kmnist")
    for name in ("evaluate", "inspect"):
        assert "Download it on the Train page" in app(name).error[0].value


def test_the_page_says_how_far_loading_is(app, monkeypatch):
    """PyTorch is there from the third look on."""
    told = []
    stages = iter([0, 0, 1, 1, 2])

    def look() -> bool:
        monkeypatch.setattr(models, "_stage", next(stages))
        return models._stage >= 2

    monkeypatch.setattr(loading, "LOOK_SECONDS", 0)
    monkeypatch.setattr(models, "can_ask", look)
    monkeypatch.setattr(models, "loader", lambda: None)
    shown = models.loading_text
    monkeypatch.setattr(models, "loading_text", lambda: told.append(shown()) or told[-1])
    page = app("evaluate")
    assert [text for text in told if "PyTorch (1 of 3)" in text]
    assert [text for text in told if "the network (2 of 3)" in text]
    assert metric(page, "On these images")


def test_a_page_that_needs_pytorch_says_why_it_cannot_be_loaded(app, monkeypatch):
    monkeypatch.setattr(models, "can_ask", lambda: False)
    monkeypatch.setattr(models, "loading_problem", lambda: "PyTorch could not be loaded: no libfoo")
    for name in ("inspect", "evaluate"):
        assert "no libfoo" in app(name).error[0].value
    page = app("learn")
    page.session_state.playground.pages.setdefault(DrawState, DrawState())
    sheets_of(page)["draw"].add(fabric(SEVEN))
    page.switch_page("pages/draw.py").run()
    assert "no libfoo" in page.error[0].value
