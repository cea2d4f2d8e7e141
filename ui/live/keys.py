"""How a browser asks for a run's stream: on a class server with a key, for it has no session there.

A page's script names the run to its components by `stream_name`; the route opens the run in the
workspace that the key stands for. A key is made of the workspace and a secret of this process: who
has seen a run's id cannot watch it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading

from cnn import runs
from cnn.common import workspaces
from cnn.common.server import server_settings

SEPARATOR = "~"  # in no run's id

_secret = secrets.token_bytes(32)
_lock = threading.Lock()
_workspaces: dict[str, str] = {}  # by their keys


def stream_name(run: runs.Run) -> str:
    """By what a component asks for the run's stream."""
    workspace = workspaces.current()
    if workspace is None:
        return run.id
    key = hmac.new(_secret, workspace.encode(), hashlib.sha256).hexdigest()[:32]
    with _lock:
        _workspaces[key] = workspace
    return f"{run.id}{SEPARATOR}{key}"


def key_of(name: str) -> str:
    """The key in a stream's name; empty on one's own machine."""
    return name.partition(SEPARATOR)[2] if server_settings().class_ else ""


def open_stream(name: str) -> runs.Run:
    """The run of that stream. Raises RunError where there is none, or it is another's."""
    run_id, _, key = name.partition(SEPARATOR)
    if not server_settings().class_:
        return runs.open_run(run_id)
    with _lock:
        workspace = _workspaces.get(key, workspaces.NOBODY)
    with workspaces.working_in(workspace):
        return runs.open_run(run_id)
