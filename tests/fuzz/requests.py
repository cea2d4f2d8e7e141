"""What a browser may send: an address's parameters, and what its components report."""

from __future__ import annotations

import base64
import contextlib
import json
import os
from unittest import mock
from urllib.parse import parse_qsl, urlencode

import numpy as np

from cnn import drawing, runs
from cnn.common import workspaces
from cnn.common.server import ServerError, ServerSettings, server_settings, variable
from cnn.lessons import LESSONS
from cnn.lessons.catalogue import BY_ID
from cnn.lessons.state import default_state, read_state, write_state
from cnn.training import Settings, SettingsError, read_settings
from cnn.training.settings import parse_settings
from tests.fuzz.parser import Parser
from ui.learn.state import sent_image
from ui.live import keys
from ui.shared.sheet import Sheet


def _addresses() -> list[bytes]:
    whole = {"run": "20260101-120000-a-run-0123", "w": workspaces.new_visitor(), "live": "a~b"}
    lessons = [{"lesson": one.id, **_all_of(one.id)} for one in LESSONS]
    return [urlencode(given).encode() for given in (whole, *lessons)]


def _all_of(lesson: str) -> dict[str, str]:
    """Every value of a lesson, as its link would carry it."""
    fields = BY_ID[lesson].fields
    start = default_state(fields)
    with mock.patch("cnn.lessons.state.default_state", lambda _: dict.fromkeys(start)):
        return write_state(fields, start)


def _address(data: bytes) -> object:
    """An address on a class server: run, workspace, stream and lesson."""
    given = dict(parse_qsl(data.decode("utf-8", "surrogateescape"), max_num_fields=1000))
    found: list[object] = [workspaces.is_issued(given.get("w", ""))]
    lesson = BY_ID.get(given.get("lesson", ""))
    if lesson:
        found.append(read_state(lesson.fields, given))
    with mock.patch.dict(os.environ, {"CNN_CLASS": "1"}):
        found.append(keys.key_of(given.get("live", "")))
        with contextlib.suppress(runs.RunError):
            keys.open_stream(given.get("live", ""))
    with contextlib.suppress(runs.RunError):
        runs.open_run(given.get("run", ""))
    return found


def _strokes() -> dict[str, object]:
    path = [["M", 10, 20], ["Q", 20, 30, 40.5, 50], ["C", 1, 2, 3, 4, 5, 6], ["L", 60, 60]]
    return {"objects": [{"type": "path", "path": path}, {"type": "Path", "path": [["M", 1, 1]]}]}


def _canvas(data: bytes) -> object:
    """What the canvas reports."""
    report, sheet = _parsed(data), Sheet()
    if isinstance(report, dict):
        sheet.receive(report)
        sheet.receive(report)
    strokes = drawing.strokes_from_canvas(report)  # type: ignore[arg-type]
    return drawing.from_strokes(strokes)


def _moved() -> list[bytes]:
    image = base64.b64encode(np.zeros(784, np.uint8).tobytes()).decode()
    return [
        json.dumps({**default_state(one.fields), "lesson": one.id, "image": image}).encode()
        for one in LESSONS
    ]


def _move(data: bytes) -> object:
    """What was moved in a lesson, as its component reports it."""
    moved = _parsed(data)
    if not isinstance(moved, dict):
        return None
    fields = [one.fields for one in LESSONS if moved.get("lesson") in (None, one.id)]
    return [read_state(one, moved) for one in fields], sent_image(moved.get("image"))


def _parsed(data: bytes) -> object:
    """As Streamlit parses what a component sends: by the standard library, whatever it holds."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _settings(data: bytes) -> object:
    """Settings as JSON, and the same bytes as lines of `--set`."""
    lines = data.decode("utf-8", "replace").splitlines()[:20]
    value = _parsed(data)
    return read_settings(value) if isinstance(value, dict) else parse_settings(Settings(), lines)


def _environment(data: bytes) -> object:
    """The server's settings: a line for each of its variables."""
    lines = data.replace(b"\0", b"").decode("utf-8", "surrogateescape").split("\n")
    names = [variable(name) for name in ServerSettings.model_fields]
    with mock.patch.dict(os.environ, dict(zip(names, lines, strict=False))):
        return server_settings()


PARSERS = (
    Parser("address", _address, (), _addresses),
    Parser(
        "canvas's report", _canvas, (drawing.DigitError,), lambda: [json.dumps(_strokes()).encode()]
    ),
    Parser("lesson's report", _move, (), _moved),
    Parser(
        "settings",
        _settings,
        (SettingsError,),
        lambda: [Settings().model_dump_json().encode(), b"epochs=3\nlearning_rate=0.1"],
    ),
    Parser(
        "environment",
        _environment,
        (ServerError,),
        lambda: [
            b"1\n0\nsixteen-letters-at-least\na@b.c\nX-User\n" + b"\n".join([b"none", b"5"] * 7)
        ],
    ),
)
