"""One batch through the untrained network, and what it shows.

It needs torch, which is imported when the button is pressed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cnn.common.text import percent
from cnn.datasets import DATASETS, DataError, default_dataset, is_on_disk
from cnn.network import Architecture
from cnn.network.layers import show
from ui.design.text_table import Column, text_table
from ui.shared import models, state
from ui.shared.charts import chart
from ui.shared.plain_text import plain

if TYPE_CHECKING:
    from cnn.inspection.initialisation_check import InitialisationCheck, LayerCheck


@dataclass
class Trial:
    """The last measurement: of which network, on which data set, or why it failed."""

    architecture: Architecture | None = None
    dataset: str = ""
    check: InitialisationCheck | None = None
    error: str = ""


def section(architecture: Architecture, problem: str | None) -> None:
    """The button, and the figures of the network it was last pressed for."""
    st.header("Try it before training", anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            "Sends one batch through the untrained network and back: does the signal neither "
            "vanish nor explode, and does a gradient reach every layer?",
            width="stretch",
        )
        pressed = st.button(
            "Send a batch through",
            key="try_out",
            icon=":material/electric_bolt:",
            disabled=problem is not None,
            help="Fix the network first." if problem else None,
        )
    trial = state.page(Trial)
    if pressed:
        with st.spinner("Sending 128 digits through", show_time=False):
            _measure(architecture, trial)
    if trial.architecture is None:
        return
    if trial.check is None:
        st.warning(plain(trial.error), icon=":material/info:")
        return
    if trial.architecture != architecture:
        st.caption("The network has changed since; this was for the one before.")
    _show(trial.check, trial.dataset)


def _measure(architecture: Architecture, trial: Trial) -> None:
    play = state.get()
    models.loader().join()
    from cnn.inspection.initialisation_check import check_initialisation, sample_batch

    name = play.dataset or default_dataset()
    if not is_on_disk(name):
        name = "mnist-sample"
    trial.check = None
    try:
        x, labels = sample_batch(name, play.settings.normalisation)
        trial.check = check_initialisation(architecture, x, labels, play.settings.seed)
    except DataError as error:
        trial.error = str(error)
    trial.architecture, trial.dataset = architecture, DATASETS[name].label


def _show(check: InitialisationCheck, dataset: str) -> None:
    from cnn.figures.initialisation import signal_and_gradient
    from cnn.inspection.initialisation_check import findings

    for well, text in findings(check):
        icon = ":green[:material/check_circle:]" if well else ":orange[:material/warning:]"
        st.markdown(f"{icon} {text}")
    left, right = st.columns([2, 3], gap="medium")
    with left:
        chart(
            signal_and_gradient(check.layers, check.input_signal),
            "start_bars",
            "Signal of each layer's output and gradient norm of its weights, on log scales",
        )
    with right:
        text_table(_columns(check.layers), "Mean, standard deviation, dead share and gradient")
        st.caption(
            f"{dataset}, its first images; weights from the seed of your settings. The signal is "
            "how far images differ in a layer's output; the dotted line is the input's."
        )


def _columns(layers: tuple[LayerCheck, ...]) -> list[Column]:
    dead = ["" if i.dead is None else percent(i.dead, 0) for i in layers]
    gradients = ["" if i.gradient is None else f"{i.gradient:.2g}" for i in layers]
    signal_help = "How much its output differs from image to image."
    dead_help = "Share of the maps or units that are zero for every image of the batch."
    return [
        Column("Layer", [f"{i.number} · {i.layer.summary}" for i in layers], 196),
        Column("Output", [show(i.shape) for i in layers], 88),
        Column("Mean", [f"{i.mean:z.2f}" for i in layers], 60),
        Column("Std", [f"{i.std:.3g}" for i in layers], 60, "Standard deviation of all outputs."),
        Column("Signal", [f"{i.signal:.3g}" for i in layers], 64, signal_help),
        Column("Dead", dead, 60, dead_help),
        Column("Gradient", gradients, 76),
    ]
