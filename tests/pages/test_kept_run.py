"""A run that surgery kept is welcome on every page."""

import pytest

from cnn.inspection import surgery


@pytest.mark.parametrize("page", ["train", "inspect", "draw", "evaluate"])
def test_a_page_opens_with_a_run_kept_by_surgery(app, page, trained):
    kept = surgery.keep(trained, None, [surgery.SwitchOff(1, 0)], "After surgery")
    shown = app(page, run=kept.id)
    assert not shown.error
    assert shown.query_params["run"] == kept.id
