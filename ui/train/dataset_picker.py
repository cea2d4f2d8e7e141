"""Choosing a data set: what is on disk, and a download with progress for what is not."""

from __future__ import annotations

import streamlit as st

from cnn.common.text import percent
from cnn.datasets import DATASETS, is_on_disk
from cnn.datasets.download import Download
from ui.shared import state
from ui.shared.plain_text import plain
from ui.shared.refresh import refreshing


def chosen_dataset() -> str:
    """The name of the data set to train on: as chosen, or the best that is on disk."""
    return state.get().dataset_name


@st.cache_resource(show_spinner=False)
def _downloads() -> dict[str, Download]:
    """The downloads of this server, whichever page or tab started them."""
    return {}


def pick_dataset() -> None:
    """The select box, and below it the download where one is needed."""
    play, names, current = state.get(), list(DATASETS), chosen_dataset()

    def label(name: str) -> str:
        dataset = DATASETS[name]
        if dataset.torchvision_name is None:
            return dataset.label
        return f"{dataset.label} · {'on disk' if is_on_disk(name) else 'not on disk'}"

    def changed() -> None:
        if st.session_state.dataset in names:  # not a label from before a download
            play.dataset = st.session_state.dataset

    st.selectbox(
        "Data set",
        names,
        names.index(current),
        format_func=label,
        key="dataset",
        on_change=changed,
        disabled="dataset" in play.fixed | play.hidden,
    )
    st.caption(DATASETS[current].about)
    if not is_on_disk(current):
        _download(current)
    elif current != "mnist" and not is_on_disk("mnist"):
        _download("mnist", "Full MNIST is not on disk.")


def _download(name: str, note: str = "") -> None:
    running = _downloads().get(name)
    active = running is not None and running.running
    refreshing(_panel, 0.5 if active else None, f"download_{name}")(name, note, active)


def _panel(name: str, note: str, was_active: bool) -> None:
    downloads, title = _downloads(), DATASETS[name].label
    job = downloads.get(name)
    if job is not None and job.running:
        st.progress(job.share, text=f"{title}: {plain(job.text)}, {percent(job.share, 0)}")
        st.button("Cancel", key=f"cancel_{name}", on_click=job.cancel)
        return
    done = job is not None and job.error is None
    if done:
        downloads.pop(name, None)
    if was_active or done:
        st.rerun()
    if job is not None and job.error:
        st.error(plain(job.error), icon=":material/cloud_off:")
    if note:
        st.caption(note)

    def start() -> None:
        downloads[name] = Download(name)

    size = " (about 12 MB)" if name == "mnist" else ""
    if st.button(
        f"Download {title}{size}",
        key=f"download_{name}",
        icon=":material/download:",
        on_click=start,
    ):
        st.rerun()
