"""The script runs again when the current run's state changes, and only then: its stream tells it.

Everything that moves in between is drawn in the browser (ui/live). Where a proxy holds the stream
back, the page says so, and what moves on it are fragments that run every two seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

import streamlit as st

from cnn import runs
from ui.live import payloads
from ui.live.component import live_component
from ui.live.keys import stream_name
from ui.shared import state
from ui.shared.reports import NAME, reported

P = ParamSpec("P")

KEY = "following"
SECONDS_WITHOUT_STREAM = 2.0
_component = live_component(Path(__file__).parent, "following")


def follow(run: runs.Run, status: runs.Status) -> None:
    """One line on how far `run` is, which keeps itself up to date; another state runs the script
    again."""

    def heard() -> None:
        state.get().has_stream = reported(KEY, "stream", NAME) != "lost"

    _component(
        key=KEY,
        data={
            "run": stream_name(run),
            "state": status["state"],
            "details": payloads.details(status),
        },
        on_changed_change=lambda: None,
        on_stream_change=heard,
    )
    if not state.get().has_stream:
        st.caption(
            ":material/cloud_off: No live stream reaches this browser (a proxy may hold it back). "
            "The page looks every two seconds instead."
        )
        st.fragment(_look, run_every=SECONDS_WITHOUT_STREAM)(run.id, status["state"])


def _look(run_id: str, was: runs.State) -> None:
    try:
        now = runs.open_run(run_id).state
    except runs.RunError:
        now = "interrupted"
    if now != was:
        st.rerun()


def refreshed_without_stream(function: Callable[P, None], run: runs.Run) -> Callable[P, None]:
    """`function` as a fragment, which runs again every two seconds where `run` is at work and no
    stream tells of it."""
    blind = not state.get().has_stream and run.state in runs.ACTIVE
    return st.fragment(function, run_every=SECONDS_WITHOUT_STREAM if blind else None)
