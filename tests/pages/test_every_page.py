"""Every page opens, with and without runs, and none shows a traceback."""

import gc
import re

import pytest

from ui.shared import models

PAGES = ["play", "learn", "design", "train", "inspect", "draw", "evaluate", "compare"]


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
    assert sum(button.proto.type == "primary" for button in shown.main.button) <= 1
    for button in shown.button:  # whose icon may be all that is seen of it
        assert re.sub(r":material/\w+:", "", button.label).strip(), button.key


def test_what_torch_made_is_no_garbage_to_look_through_after_every_click(app):
    app("learn")
    models.loader().join()
    assert gc.get_freeze_count() > 100_000
