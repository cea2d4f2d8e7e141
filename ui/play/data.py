"""Which images it learns from: a choice among the data sets that are on this machine."""

from __future__ import annotations

import streamlit as st

from cnn.datasets import DATASETS, default_dataset, is_on_disk
from ui.play import training
from ui.shared import state

QUICK = 10_000  # images, with fewer of which an epoch is short on any machine


def show() -> None:
    """The choice, how many images that makes, and the way to more."""
    play = state.get()
    now = play.dataset_name
    names = [name for name in DATASETS if name == now or is_on_disk(name)]
    # Another widget where a download has changed what is chosen by itself.
    key = f"play_dataset_{training.widgets()}_{default_dataset()}"
    with st.container(key="play_data"):
        st.selectbox(
            "Data set",
            names,
            names.index(now),
            format_func=lambda name: DATASETS[name].label.removesuffix(" (bundled)"),
            key=key,
            on_change=lambda: training.take_dataset(st.session_state[key]),
            disabled="dataset" in play.fixed | play.hidden,
        )
        count = play.settings.trained_on(DATASETS[now])
        quick = ", quick on a slow machine" if count < QUICK else ""
        st.caption(
            f"{count:,} images to learn from{quick}." if is_on_disk(now) else "Not downloaded."
        )
        if not (is_on_disk("mnist") and is_on_disk(now)):
            st.page_link("pages/train.py", label="More, on Train", icon=":material/download:")
