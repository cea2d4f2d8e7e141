"""Who trains what, what it takes of the server, and what the teacher can do about it."""

from __future__ import annotations

import time
from collections.abc import Callable

import humanize
import psutil
import streamlit as st

from cnn import runs
from cnn.common import workspaces
from cnn.common.text import plural
from cnn.runs import checkpoints, class_room, names
from ui.shared import models, state
from ui.shared.plain_text import plain

MOST_SHOWN = 40


def queue() -> None:
    """The runs that train and wait, each with its buttons."""
    found = class_room.trainings()
    if not found:
        st.markdown("Nobody trains, and nobody waits.")
        st.caption(
            "Whoever opens this server's address in a browser has a workspace of their own. What "
            "they train appears here, with buttons to stop it or to let it come first."
        )
        return
    for place, one in enumerate(found[:MOST_SHOWN]):
        with st.container(horizontal=True, vertical_alignment="center", key=f"queue_{place}"):
            where = f"{one.state} on {one.device}" if one.device else "waits"
            whose = plain(one.who)
            progress = f" · epoch {min(one.epoch + 1, one.epochs)} of {one.epochs}"
            st.markdown(
                f"**{plain(one.name)}** · {whose} · {where}{progress if one.device else ''}",
                width="stretch",
            )
            with st.container(horizontal=True, width="content"):
                _buttons(one, can_move=not one.device and place > 0)
    if len(found) > MOST_SHOWN:
        st.caption(f"And {len(found) - MOST_SHOWN} more that wait.")


def _buttons(one: class_room.Training, can_move: bool) -> None:
    key = f"{one.run.workspace}_{one.run.id}"
    if can_move:
        st.button(
            "Next",
            icon=":material/vertical_align_top:",
            key=f"first_{key}",
            help="Let it come before all others that wait.",
            on_click=_act,
            args=(class_room.put_first, one.run),
        )
    st.button(
        "Stop",
        icon=":material/stop:",
        key=f"stop_{key}",
        on_click=_act,
        args=(class_room.stop, one.run),
    )


def _act(act: Callable[[runs.Run], None], run: runs.Run) -> None:
    try:
        act(run)
    except runs.RunError as error:
        state.get().notice = plain(str(error))


def machine() -> None:
    """Devices, memory, disk."""
    memory = psutil.virtual_memory()
    free = checkpoints.disk_free(workspaces.root())
    grid = st.grid(3, min_column_width=170)
    size = humanize.naturalsize
    grid.metric("Memory free", size(memory.available), border=True)
    grid.metric("Disk free", "?" if free is None else size(free), border=True)
    devices = models.known_devices()
    names = "being found" if devices is None else ", ".join(device.name for device in devices)
    holders = {one.device: one for one in class_room.trainings() if one.device}
    grid.metric("Devices at work", f"{len(holders)}", border=True)
    st.caption(f"{size(memory.total)} of memory in all. Devices: {plain(names)}.")


def workspaces_table() -> None:
    """What each workspace takes, and the button that clears those that nobody uses."""
    found = class_room.usages()
    if not found:
        st.markdown("No visitor has anything here yet.")
        st.caption("What each workspace takes of the disk appears here with its first run.")
        return
    total = sum(one.bytes for one in found)
    st.markdown(f"**{plural(len(found), 'workspace')}**, {humanize.naturalsize(total)} in all")
    st.dataframe(
        [
            {
                "Who": one.who,
                "Runs": one.runs,
                "On disk": humanize.naturalsize(one.bytes),
                "Last used": humanize.naturaltime(time.time() - one.used),
            }
            for one in found
        ],
        hide_index=True,
        key="workspaces",
        alt="What each workspace takes",
    )
    _names([one.workspace for one in found if names.name_of(one.workspace)])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        days = int(st.number_input("Unused for days", 0, 365, 30, key="unused_days", width=150))
        with st.popover("Clear unused workspaces", icon=":material/cleaning_services:"):
            st.markdown(
                f"Remove every workspace in which nothing has changed for {plural(days, 'day')} "
                "and nothing trains: its runs, digits and sweeps are gone for good."
            )
            st.button(
                "Remove them", type="primary", key="clear_unused", on_click=_clear, args=(days,)
            )


def _names(named: list[str]) -> None:
    """A way to take a name away that should not stand on a board."""
    if not named:
        return
    with st.popover("Take a name away", icon=":material/person_off:"):
        whose = st.selectbox("Whose", named, format_func=names.who, key="name_whose")
        st.button(
            "Take it away",
            type="primary",
            key="name_take_away",
            on_click=_take_away,
            args=(whose,),
            help="Then another can be given.",
        )


def _take_away(workspace: str) -> None:
    try:
        names.take_away(workspace)
    except runs.RunError as error:
        state.get().notice = plain(str(error))


def _clear(days: int) -> None:
    try:
        removed = class_room.remove_unused(days)
        state.get().notice = f"{plural(removed, 'workspace')} removed."
    except runs.RunError as error:
        state.get().notice = plain(str(error))
