"""Try it before training: one batch through the untrained network, and what it tells."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cnn.datasets import DATASETS, DataError, default_dataset, is_on_disk
from cnn.network import Architecture
from cnn.network.layers import show
from ui.shared import models, state


def section(architecture: Architecture, problem: str | None) -> None:
    """The button, and the figures of the network it was last pressed for."""
    play = state.get()
    st.subheader("Try it before training", anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            "Sends one batch through the untrained network and back: is the signal neither fading "
            "nor exploding, and does a gradient reach every layer?",
            width="stretch",
        )
        pressed = st.button(
            "Send a batch through",
            key="try_out",
            icon=":material/electric_bolt:",
            disabled=problem is not None,
            help="Mend the network first." if problem else None,
        )
    if pressed:
        with st.spinner("Sending 128 digits through", show_time=False):
            play.fields["tryout"] = (architecture, *_measure(architecture))
    kept = play.fields.get("tryout")
    if kept is None:
        return
    tried, start, words = kept
    if start is None:
        st.warning(words, icon=":material/info:")
        return
    if tried != architecture:
        st.caption("The network has changed since; this was for the one before.")
    _show(start, words)


def _measure(architecture: Architecture) -> tuple[Any, str]:
    """The measurement and the data's name, or None and what went wrong."""
    play = state.get()
    models.loader().join()
    from cnn.inspection.initialisation_check import sample_batch, try_out

    dataset = play.dataset or default_dataset()
    if not is_on_disk(dataset):
        dataset = "mnist-sample"
    try:
        x, labels = sample_batch(dataset, play.settings.normalisation)
        start = try_out(architecture, x, labels, play.settings.seed)
    except DataError as error:
        return None, str(error)
    return start, DATASETS[dataset].label


def _show(start: Any, dataset: str) -> None:
    from cnn.figures.initialisation import signal_and_gradient
    from cnn.inspection.initialisation_check import verdict

    for well, words in verdict(start):
        icon = ":green[:material/check_circle:]" if well else ":orange[:material/warning:]"
        st.markdown(f"{icon} {words}")
    left, right = st.columns(2, gap="medium")
    with left:
        st.plotly_chart(
            signal_and_gradient(start.layers, start.input_signal),
            key="start_bars",
            config={"displayModeBar": False},
            alt="Signal of each layer's output and gradient norm of its weights, on log scales",
        )
    with right:
        st.dataframe(
            {
                "Layer": [f"{i.number} · {i.layer.summary}" for i in start.layers],
                "Output": [show(i.shape) for i in start.layers],
                "Mean": [f"{i.mean:z.2f}" for i in start.layers],
                "Spread": [f"{i.std:.3g}" for i in start.layers],
                "Signal": [f"{i.signal:.3g}" for i in start.layers],
                "Silent": ["" if i.dead is None else f"{i.dead:.0%}" for i in start.layers],
                "Gradient": [
                    "" if i.gradient is None else f"{i.gradient:.2g}" for i in start.layers
                ],
            },
            hide_index=True,
            row_height=30,
            height="content",
            column_config={
                "Layer": st.column_config.TextColumn(width=128),
                "Output": st.column_config.TextColumn(width=76),
                "Mean": st.column_config.TextColumn(width=56),
                "Spread": st.column_config.TextColumn(width=54, help="Of all its outputs."),
                "Gradient": st.column_config.TextColumn(width=60),
                "Signal": st.column_config.TextColumn(
                    width=54, help="How much its output differs from image to image."
                ),
                "Silent": st.column_config.TextColumn(
                    width=52,
                    help="Share of the maps or units that are zero for every image of the batch.",
                ),
            },
            alt="Mean, spread, silent share and gradient of every layer",
        )
        st.caption(
            f"{dataset}, its first images; weights from the seed of your settings. The signal is "
            "how far images differ in a layer's output; the dotted line is the input's."
        )
