"""Values that no component of ours sends: a page takes them for nothing, and shows no traceback."""

from __future__ import annotations

from cnn.drawing import strokes_from_canvas
from tests.pages.forged import report, report_anything, select
from tests.pages.sheets import sheets_of
from ui.evaluate.state import EvaluateState
from ui.inspect.state import InspectState
from ui.play.state import PlayState
from ui.shared import models


def test_play_takes_no_other_image_for_a_forged_number(app):
    page = app("play")
    models.loader().join()
    page.run()
    report(page, 3, ["image"])
    report_anything(page)
    assert page.session_state["playground"].pages[PlayState].image == 3


def test_inspect_keeps_to_what_is_there(app, trained):
    page = app("inspect")
    before = page.session_state.playground.pages[InspectState].runs[trained.id].choice
    report_anything(page)
    assert page.session_state.playground.pages[InspectState].runs[trained.id].choice == before


def test_a_canvas_that_reports_no_drawing_is_laid_anew(app, trained):
    page = app("draw")
    report_anything(page)
    assert not strokes_from_canvas(sheets_of(page)["draw"].now)


def test_evaluate_opens_no_cell_that_is_not_there(app, trained):
    page = app("evaluate")
    select(page, {"selection": {"points": [{"point_index": 12}]}})
    chosen = page.session_state.playground.pages[EvaluateState].runs[trained.id]
    assert chosen.cell == (1, 2)
    chosen.cell = None
    for points in (7, [3], [{"point_index": -1}], [{"point_index": 100}], [{"point_index": "1"}]):
        select(page, {"selection": {"points": points}})
    assert chosen.cell is None
