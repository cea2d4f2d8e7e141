"""What a hostile browser sends: any value for any component of a page."""

from __future__ import annotations

import json

from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

EVENTS = [
    "image",
    "map",
    "picked",
    "chosen",
    "written",
    "dropped",
    "ticked",
    "renamed",
    "state",
    "stream",
    "drawing",
]
HOSTILE = (
    *(True, -1, "1", [[]]),
    {"row": 999, "column": 999, "layer": 1, "channel": 999, "value": "x", "place": "y", "what": 1},
    {"raw": {"objects": [{"type": "path", "path": [["M", "x", {}], 5]}, 7]}, "runs": "all"},
)


def report(page: AppTest, value: object, events: list[str], state: bool = False) -> None:
    """Run the page after each of its components has reported `value` by each of `events`: as
    triggers, or as the `state` that it keeps. No traceback is shown."""
    sent = page._tree.get_widget_states()
    for component in page.get("bidi_component"):
        key = component.proto.id
        if state:
            told = dict.fromkeys(events, value)
            sent.widgets.append(WidgetState(id=key, json_value=json.dumps(told)))
        else:
            calls = [{"event": event, "value": value} for event in events]
            key = _make_trigger_id(key, "events")
            sent.widgets.append(WidgetState(id=key, json_trigger_value=json.dumps(calls)))
    page._run(sent)
    assert not page.exception, (value, page.exception)


def report_anything(page: AppTest) -> None:
    """Every hostile value, by every event of every component."""
    for value in HOSTILE:
        report(page, value, EVENTS)
    report(page, 3.5, EVENTS, state=True)


def select(page: AppTest, value: object) -> None:
    """Run the page after each of its figures has reported that as its selection."""
    sent = page._tree.get_widget_states()
    for chart in page.get("plotly_chart"):
        if chart.proto.id:
            sent.widgets.append(WidgetState(id=chart.proto.id, string_value=json.dumps(value)))
    page._run(sent)
    assert not page.exception, (value, page.exception)
