"""The process in standby: it imports what a worker needs, and waits to be told what to train.

`python -m cnn.runs.standby_worker FILE` with the open socket's number, by `cnn.runs.standby`. It
ends when the other end of that socket closes, however its server ended. What it does is in
`standby_tasks`, which a thread of low priority imports: another run may be in its first seconds.
"""

from __future__ import annotations

import contextlib
import importlib
import socket
import sys
from typing import Any

from cnn.common.text import excerpt
from cnn.runs.channel import Channel
from cnn.runs.priority import in_background


def main(arguments: list[str]) -> int:
    """Wait for messages; returns the exit code."""
    channel = Channel(socket.socket(fileno=int(arguments[0])))
    in_background(lambda: _tasks().prepare())  # this thread will train: its first step is awaited
    with contextlib.suppress(OSError):
        channel.send({"ready": True})
    while message := channel.receive():
        content, files = message
        if run_id := content.get("run"):
            workspace = content.get("workspace")
            return _tasks().train(channel, run_id, workspace, *files)
        try:
            answer = _tasks().measure(content["measure"], channel)
        except Exception as error:  # out of memory, no bf16 here: its training would say so
            answer = {"error": excerpt(error, 300)}
        channel.send(answer)
    return 0


def _tasks() -> Any:
    return importlib.import_module("cnn.runs.standby_tasks")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
