"""One line a record, for people; as JSON where a machine reads them (`CNN_LOG=json`)."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from typing import Any

from streamlit import logger as streamlit_logger
from uvicorn.config import LOGGING_CONFIG

LEVEL = logging.INFO
# Those that tell of every request, or of each start of a web socket.
QUIET = ("uvicorn.access", "websockets", "watchdog", "httpx", "PIL")


class OneLine(logging.Formatter):
    """`2026-11-28T09:30:00.123Z WARNING ui.server.guard: what happened`; a traceback follows in the
    same line, its line breaks written out."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line without its end."""
        text = f"{moment(record)} {record.levelname} {record.name}: {record.getMessage()}"
        if record.exc_info:
            text += f" | {self.formatException(record.exc_info)}"
        return text.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n")


class Json(logging.Formatter):
    """An object with `time`, `level`, `name`, `message`, and a traceback under `error`."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON on one line."""
        told: dict[str, Any] = {
            "time": moment(record),
            "level": record.levelname,
            "name": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        return json.dumps(told)


def moment(record: logging.LogRecord) -> str:
    """When it was, in UTC, to the millisecond."""
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{seconds}.{int(record.msecs):03d}Z"


def begin() -> None:
    """Let all that is logged, Streamlit's and the server's too, go through one handler."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if os.environ.get("CNN_LOG") == "json" else OneLine())
    logging.basicConfig(level=LEVEL, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)

    def hand_on(logger: logging.Logger) -> None:
        own = getattr(logger, "streamlit_console_handler", None)
        if own is not None:
            logger.removeHandler(own)
        logger.propagate = True

    for name in LOGGING_CONFIG["loggers"]:  # uvicorn has set up its own
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    # Streamlit gives each logger a handler of its own, those that it makes later too.
    streamlit_logger.setup_formatter = hand_on
    streamlit_logger.update_formatter()


def script_failed(error: Exception) -> None:
    """Log a page that failed: its visitor is told no more than that."""
    logging.getLogger(__name__).error("a page failed", exc_info=error)
