"""One line a record."""

from __future__ import annotations

import json
import logging
import sys

from ui.server import logs


def record() -> logging.LogRecord:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        error = sys.exc_info()
    made = logging.LogRecord("a.b", logging.ERROR, "", 1, "said %s", ("x\ny",), error)
    made.created, made.msecs = 0.25, 250.0
    return made


def test_a_record_is_one_line_with_its_traceback():
    line = logs.OneLine().format(record())
    assert line.startswith(r"1970-01-01T00:00:00.250Z ERROR a.b: said x\ny | Traceback")
    assert "\n" not in line and r"two\nlines" in line


def test_a_record_is_an_object():
    told = json.loads(logs.Json().format(record()))
    assert told["level"] == "ERROR" and told["message"] == "said x\ny"
    assert told["error"].endswith("two\nlines")
