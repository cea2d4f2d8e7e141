"""What holds on every page: the current run in the URL, the sidebar, settings that last."""

import pytest

from cnn import runs


def test_without_runs_the_sidebar_leads_to_training(app):
    page = app()
    assert any("None yet" in m.value for m in page.sidebar.markdown)


def test_a_new_visit_opens_the_newest_run(app, trained):
    page = app()
    assert page.query_params["run"] == trained.id
    assert any(runs.open_run(trained.id).name in m.value for m in page.sidebar.markdown)


@pytest.mark.parametrize("link", ["20990101-000000-gone-0000", "../../etc", "a/b", " ", "x" * 300])
def test_a_link_to_a_run_that_does_not_exist_says_so_and_goes_on(app, trained, link):
    page = app(run=link)
    assert any("run" in warning.value for warning in page.warning)
    assert page.title[0].value


def test_a_run_whose_folder_vanishes_is_let_go(app, trained):
    page = app("inspect")
    trained.delete()
    page.run()
    assert not page.exception
    assert "No network has been trained yet" in page.markdown[-2].value + page.markdown[
        -1
    ].value or (any("No network has been trained yet" in m.value for m in page.markdown))


def test_a_name_that_looks_like_markup_is_shown_as_text(app, trained):
    trained.rename("<b>bold</b> **stars** [link](http://x) :red[no]")
    page = app("train")
    shown = [m.value for m in (*page.markdown, *page.sidebar.markdown) if "bold" in m.value]
    assert shown and all("\\<b\\>" in text and "\\*\\*stars" in text for text in shown)


def test_settings_outlive_a_page_switch(app):
    page = app("train")
    slider = next(s for s in page.slider if s.label == "Epochs")
    slider.set_value(7).run()
    page.switch_page("pages/evaluate.py").run()
    page.switch_page("pages/train.py").run()
    assert next(s for s in page.slider if s.label == "Epochs").value == 7


def test_a_row_of_buttons_keeps_its_choice_over_a_page_switch(app, trained):
    page = app("inspect")
    page.segmented_control(key="inspect_source").set_value("Noise").run()
    page.switch_page("pages/evaluate.py").run()
    page.switch_page("pages/inspect.py").run()
    assert page.segmented_control(key="inspect_source").value == "Noise"
