"""The ticked runs that train or wait: how far each is, and one button that stops them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cnn import runs
from cnn.common.text import plural
from cnn.runs.overview import Summary
from ui.live import payloads
from ui.shared import state
from ui.shared.plain_text import plain
from ui.shared.refresh import refreshing

LOOK_SECONDS = 2.0
MOST_LINES = 10


def show(picked: Sequence[Summary]) -> None:
    """A line for each of them that is at work: seeds, contestants, or whatever is ticked."""
    active = [one for one in picked if one.is_active]
    if not active:
        return
    with st.container(key="at_work", gap="small"):
        refreshing(_lines, LOOK_SECONDS, "at_work_lines")(active)
        st.button(
            f"Stop {plural(len(active), 'run')}",
            icon=":material/stop:",
            key="stop_ticked",
            disabled=not any(one.run.is_own for one in active),
            on_click=_stop,
            args=([one.run for one in active if one.run.is_own],),
            help="What they have learned stays, and each can be resumed on Train.",
        )


def _lines(active: Sequence[Summary]) -> None:
    said = []
    for one in active[:MOST_LINES]:
        try:
            said.append(f"{one.name}: {progress_text(one.run)}")
        except runs.RunError:
            continue  # deleted while one looked on
    if len(active) > MOST_LINES:
        said.append(f"and {len(active) - MOST_LINES} more")
    st.caption("  \n".join(map(plain, said)))


def progress_text(run: runs.Run) -> str:
    """How far a run is, or its place in the queue, as Train says it. Raises RunError where it was
    deleted."""
    if not run.path.is_dir():
        raise runs.RunError(f"'{run.id}' was deleted.")
    status, place = run.status(), runs.place(run)
    if place:
        return place.text_with_time
    return payloads.progress_text(status)


def _stop(active: Sequence[runs.Run]) -> None:
    for run in active:
        try:
            run.send(stop=True)
        except runs.RunError as error:  # ended or deleted meanwhile
            state.get().notice = plain(error)
