"""A button that starts or steers a training says at once that it was pressed.

The server may take seconds to answer where it is busy, and until then nothing on the page would
have changed. So the browser says it: the button shows a word instead of its label until the script
that the press has asked for has run.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

STARTING = "Starting…"
WORDS = {  # by the button's key
    "play_train": STARTING,
    "play_step": "Step…",
    "play_epoch": "Epoch…",
    "play_over": "Starting over…",
    "play_pause": "Pausing…",
    "start": STARTING,
    "start_again": STARTING,
    "retry": STARTING,
    "resume": "Resuming…",
    "pause": "Pausing…",
    "stop": "Stopping…",
    "run_again": STARTING,
    "race_start": STARTING,
    "train_seeds": STARTING,
    "sweep_start": STARTING,
    "mine_teach": STARTING,
}
# The button that stands in a button's place once it has been answered: who goes by the keyboard
# finds the focus there, and not at the page's top.
BECOMES = {
    "play_train": "play_pause",
    "play_pause": "play_train",
    "start": "pause",
    "pause": "resume",
    "resume": "pause",
    "stop": "resume",
}
_FILE = Path(__file__)
_component = st.components.v2.component(
    "cnn_pressed",
    js=_FILE.with_suffix(".js").read_text("utf-8"),
    css=_FILE.with_suffix(".css").read_text("utf-8"),
    isolate_styles=False,
)


def show() -> None:
    """Let the buttons of the page answer. Call it at every run."""
    with st.container(key="say_pressed"):  # takes no gap
        _component(key="pressed", data={"words": WORDS, "becomes": BECOMES}, height=1)
