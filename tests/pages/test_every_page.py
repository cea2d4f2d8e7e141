"""Every page opens, with and without runs, and none shows a traceback."""

import pytest

PAGES = ["learn", "design", "train", "inspect", "draw", "evaluate"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_before_anything_was_trained(app, page):
    shown = app(page)
    assert shown.title[0].value
    assert not shown.error


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_with_a_trained_run(app, page, trained):
    shown = app(page)
    assert shown.title[0].value
    assert not shown.error
    assert shown.query_params["run"] == trained.id
