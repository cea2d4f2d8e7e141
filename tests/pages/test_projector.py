"""Projector mode: one click, on every page, in the address, and out again."""

import pytest

from cnn.lessons.catalogue import LESSONS


def styled(page):
    return any("--map: 64px" in html.value for html in page.get("html"))


def test_one_click_in_and_one_out(app):
    page = app("train")
    assert not styled(page)
    page.button("projector").click().run()
    assert not page.exception and styled(page)
    assert page.query_params["projector"] == "on"
    page.switch_page("pages/design.py").run()
    assert styled(page) and page.query_params["projector"] == "on"
    page.button("leave_projector").click().run()
    assert not styled(page) and "projector" not in page.query_params


@pytest.mark.parametrize("name", ["", "learn"])
def test_a_link_opens_in_it(app, name):
    more = {"lesson": LESSONS[0].id} if name else {}
    page = app(name, projector="on", **more)
    assert styled(page) and page.button("leave_projector")
