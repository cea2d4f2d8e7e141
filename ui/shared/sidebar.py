"""The sidebar of every page: the current run and the device."""

from __future__ import annotations

import streamlit as st

from cnn import runs
from cnn.training.device import cpu_name
from cnn.training.devices import best_device
from ui.shared import models, state
from ui.shared.plain_text import plain
from ui.shared.refresh import refreshing

STATE_BADGES: dict[str, tuple[str, str]] = {
    "queued": (":material/hourglass_empty:", "gray"),
    "running": (":material/play_arrow:", "orange"),
    "paused": (":material/pause:", "violet"),
    "finished": (":material/check:", "green"),
    "stopped": (":material/stop:", "gray"),
    "failed": (":material/error:", "red"),
    "interrupted": (":material/bolt:", "red"),
}


def show() -> None:
    """Current run and device, refreshed while a run trains or torch is being loaded; a notice."""
    play, run = state.get(), state.current_run()
    busy = models.known_devices() is None or (run is not None and run.state in runs.ACTIVE)
    with st.sidebar:
        refreshing(_panel, 2.0 if busy else None, "sidebar")()
    if play.notice:
        st.warning(play.notice, icon=":material/info:")
        play.notice = None


def _panel() -> None:
    st.caption("CURRENT RUN")
    run = state.current_run()
    if run is None:
        st.markdown("None yet")
        st.page_link("pages/train.py", label="Train one", icon=":material/arrow_forward:")
    else:
        status = run.status()
        badge(status["state"])
        st.markdown(f"**{plain(run.name)}**")
        details = []
        if status["state"] in runs.ACTIVE and status.get("steps"):
            details.append(f"{status.get('step', 0) / status['steps']:.0%} done")
        if "test_accuracy" in status:
            details.append(f"{status['test_accuracy']:.2%} on the test set")
        elif "best_validation" in status:
            details.append(f"{status['best_validation']:.2%} validation")
        if details:
            st.caption(" · ".join(details))
    st.caption("DEVICE")
    known = models.known_devices()
    if known is None:
        st.markdown(f":material/memory: {cpu_name()}")
        st.caption("Loading PyTorch…")
    else:
        device = next((d for d in known if d.id == state.get().device), best_device(known))
        st.markdown(f":material/memory: {device.name}")


def badge(run_state: str) -> None:
    """A run's state as a coloured word with an icon."""
    icon, color = STATE_BADGES[run_state]
    st.badge(run_state, icon=icon, color=color)  # type: ignore[arg-type]
