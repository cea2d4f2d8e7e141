"""Watching a run: one component that the run's stream feeds. The script draws it once."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cnn import figures, runs
from cnn.figures.colours import DIVERGING
from ui.live.component import PLOTLY_VERSION, live_component
from ui.live.keys import stream_name
from ui.live.payloads import figure_json
from ui.live.reader import snapshot
from ui.shared.components import PAINTING_JS
from ui.shared.following import refreshed_without_stream
from ui.shared.plain_text import plain

KEY = "live"
_component = live_component(Path(__file__).parent, "live", PAINTING_JS)


def watch(run: runs.Run) -> None:
    """The live panel of `run`: it moves while the run is active, and stands still afterwards."""
    refreshed_without_stream(_panel, run)(run.id)
    status = run.status()
    if status["state"] in ("failed", "interrupted"):
        with st.expander("The worker's log", icon=":material/terminal:"):
            st.code(run.log() or "It wrote nothing.", language=None)


def _panel(run_id: str) -> None:
    try:
        run = runs.open_run(run_id)
        story = snapshot(run)
        status = run.status()
    except runs.RunError as error:
        st.warning(plain(error))
        return
    if status["state"] == "failed":
        st.error(plain(status.get("message") or "The training failed."), icon=":material/error:")
    elif status["state"] == "interrupted":
        kept = (
            "Resume goes on from where it last saved its state."
            if run.can_resume()
            else "It had kept no state to go on from yet: Start again begins anew."
        )
        st.error(
            f"The training process was killed, or the machine was restarted. {kept}",
            icon=":material/bolt:",
        )
    _component(
        key=KEY,
        data={
            "run": stream_name(run),
            "follow": status["state"] in runs.ACTIVE,
            "story": story,
            "loss": figure_json(figures.loss_curve([], [], story["status"]["steps"])),
            "plotly": PLOTLY_VERSION,
            "colours": DIVERGING,
        },
    )
