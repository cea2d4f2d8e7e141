"""A value that cannot be read is the widget's first one, with the Streamlit that is installed."""

from __future__ import annotations

import json

import pytest
from streamlit.components.v2.bidi_component.serialization import (
    BidiComponentSerde,
    deserialize_trigger_list,
)
from streamlit.elements.plotly_chart import PlotlyChartSelectionSerde
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.state.common import WidgetMetadata
from streamlit.runtime.state.session_state import WStates

from ui.server import values


@pytest.fixture(autouse=True)
def safe(monkeypatch):
    monkeypatch.setattr(WStates, "__getitem__", WStates.__getitem__)
    values.read_safely()


@pytest.mark.parametrize(
    ("deserializer", "kind"),
    [
        (BidiComponentSerde().deserialize, "json_value"),
        (deserialize_trigger_list, "json_trigger_value"),
        (PlotlyChartSelectionSerde().deserialize, "string_value"),
    ],
    ids=["component", "trigger", "figure"],
)
@pytest.mark.parametrize(
    "text", ["", "{", "5", "null", "9" * 5000, "[" * 50_000, '{"selection": 5}']
)
def test_what_cannot_be_read_is_no_value(deserializer, kind, text):
    states = WStates()
    states.set_widget_metadata(WidgetMetadata("a", deserializer, json.dumps, kind))
    states.set_widget_from_proto(WidgetState(id="a", **{kind: text}))
    first = states["a"]
    assert states["a"] == first
    with pytest.raises(KeyError):
        states["b"]
