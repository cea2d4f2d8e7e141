"""Which tab began a run: who opens its address in a second one looks at the same run, and only the
first may throw it away.

A tab is a session of Streamlit's. A reload of the page is another session in the same tab; it is
known by its forerunner's connection, which is closed. This lasts as long as the server.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cnn.runs import Run

MOST_RUNS = 1000

_lock = threading.Lock()
_owners: OrderedDict[Path, str] = OrderedDict()  # sessions by the folders of runs


def claim(run: Run) -> None:
    """This tab has begun `run`."""
    with _lock:
        _owners[run.path] = _here()
        _owners.move_to_end(run.path)
        while len(_owners) > MOST_RUNS:
            _owners.popitem(last=False)


def is_anothers(run: Run) -> bool:
    """Whether another tab has begun `run`, and is still open."""
    owner = _owners.get(run.path)
    return owner is not None and owner != _here() and _is_open(owner)


def _here() -> str:
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else ""


def _is_open(session: str) -> bool:
    return runtime.exists() and runtime.get_instance().is_active_session(session)
