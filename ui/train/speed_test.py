"""Measuring how fast this network trains on each device: a button, and images per second."""

from __future__ import annotations

import streamlit as st

from cnn.common.text import duration, plural
from cnn.runs.forecast import at_speed
from cnn.runs.speeds import Speed, speed_key
from cnn.training.device import Device, takes_bf16
from ui.shared import state
from ui.shared.plain_text import plain
from ui.train.dataset_picker import chosen_dataset
from ui.train.state import Task, TrainState, is_running


def show(devices: list[Device], was_running: bool) -> None:
    """The Measure button, and the devices' speeds side by side."""
    play, mine = state.get(), state.page(TrainState)
    running = is_running(mine.speed_test)

    def start() -> None:
        asked = Task.start("speed_test", devices=[device.id for device in devices])
        mine.speed_test = asked or mine.speed_test

    st.button(
        "Measuring…" if running else "Measure",
        icon=":material/speed:",
        key="measure",
        disabled=running,
        on_click=start,
        help=f"Trains this network for two seconds on {plural(len(devices), 'device')}, on noise, "
        "in a process of its own. Nothing is kept but the speed.",
    )
    # Polling begins or ends, and a refusal is said, with a run of the whole page.
    if running != was_running or play.notice:
        st.rerun()
    task = mine.speed_test
    if task is None:
        return
    if task.job.waits:
        st.caption(f":material/hourglass_empty: {task.job.waits}")
    if task.job.error:
        st.error(f"The measurement failed: {plain(task.job.error)}", icon=":material/error:")
    measured = speed_key(task.architecture, task.settings, "")
    if task.job.rows and measured == speed_key(play.architecture, play.settings, ""):
        _speeds(task, {device.id: device for device in devices})


def _speeds(task: Task, devices: dict[str, Device]) -> None:
    play, rows = state.get(), task.job.rows
    grid = st.grid(min(len(rows), 3), min_column_width=190)
    for row in rows:
        device = devices.get(str(row["device"]))
        if device is None:
            continue
        name = plain(device.name)
        if "error" in row:
            grid.metric(name, "–", plain(row["error"]), delta_color="off", border=True)
            continue
        if beside := row.get("beside"):
            st.caption(
                f":material/warning: Measured while {plain(beside)} trained there: "
                "alone it is faster. This speed is not kept."
            )
        bf16 = takes_bf16(device, task.settings.precision, task.architecture.convolutional)
        scored = row.get("scored_per_second")
        speed = Speed(row["images_per_second"], measured=True, scored_per_second=scored)
        seconds = at_speed(speed, task.architecture, play.settings, chosen_dataset(), bf16).whole
        grid.metric(
            name,
            f"{row['images_per_second']:,.0f} images/s",
            f"{plural(play.settings.epochs, 'epoch')} in about {duration(max(seconds, 1))}",
            delta_color="off",
            delta_arrow="off",
            border=True,
        )
