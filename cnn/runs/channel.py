"""Messages, and open files with them, between two processes on one machine: a JSON line each.

Open files cross a Unix socket only; where there is none, `CAN_SEND_FILES` is False.
"""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Sequence
from typing import Any

from cnn.runs.locks import CAN_HAND_ON

CAN_SEND_FILES = CAN_HAND_ON and hasattr(socket, "send_fds")
PART, MOST_FILES = 65536, 8

JSON = dict[str, Any]


class Channel:
    """One end of a socket pair."""

    def __init__(self, end: socket.socket):
        self._end, self._read, self._files = end, b"", list[int]()

    def send(self, message: JSON, files: Sequence[int] = ()) -> None:
        """Send a message, with it open files. Raises OSError where nobody is at the other end."""
        content = json.dumps({**message, "files": len(files)}).encode() + b"\n"
        if files:
            sent = socket.send_fds(self._end, [content], list(files))
            content = content[sent:]
        self._end.sendall(content)

    def receive(self, seconds: float | None = None) -> tuple[JSON, list[int]] | None:
        """The next message and its open files; None where the other end is closed. Raises OSError:
        TimeoutError where none came within `seconds`."""
        self._end.settimeout(seconds)
        try:
            while b"\n" not in self._read:
                part, files, *_ = socket.recv_fds(self._end, PART, MOST_FILES)
                self._files += files
                if not part:
                    return None
                self._read += part
        finally:
            self._end.settimeout(None)
        line, _, self._read = self._read.partition(b"\n")
        message = json.loads(line)
        count = message.pop("files")
        files, self._files = self._files[:count], self._files[count:]
        return message, files

    def has_more(self) -> bool:
        """Whether `receive` would not wait: for a message, or the other end is closed."""
        return b"\n" in self._read or bool(select.select([self._end], [], [], 0)[0])

    def close(self) -> None:
        """Close this end: the other end's `receive` returns None."""
        self._end.close()
