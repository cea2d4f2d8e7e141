"""Test labels that are likely wrong: not every mistake is the network's."""

from __future__ import annotations

import streamlit as st

from cnn.evaluation import Scored, label_errors
from cnn.runs import Run
from ui.evaluate import gallery
from ui.evaluate.scores import Weights

FIRST = 50


@st.cache_resource(max_entries=8, show_spinner="Ranking the labels")
def _ranked(weights: Weights, _scored: Scored) -> label_errors.LabelErrors:
    return label_errors.rank(_scored.probabilities, _scored.labels)


def show(run: Run, scored: Scored, weights: Weights) -> None:
    """The ranking, the most suspicious first."""
    dataset = run.config.dataset
    if weights.dataset != dataset:  # those that stand in for them: it may have learned from these
        st.info(
            "Labels can only be doubted by a network that has not learned from the images, and its "
            "own test images are not on this machine.",
            icon=":material/database_off:",
        )
        return
    found = _ranked(weights, scored)
    st.markdown(
        "**Test images whose label is likely wrong**, the most suspicious first: this network, "
        "which never learned from them, gives another class the higher probability. By confident "
        f"learning (cleanlab), {found.estimated:,} of {len(scored.labels):,} labels count as wrong."
    )
    known = found.found(dataset, FIRST)
    if known:
        st.info(
            f"People looked at MNIST's test labels: {known[1]} of them are wrong by most votes "
            f"(labelerrors.com, Northcutt and others, 2021). {known[0]} of those are among the "
            f"first {FIRST} here.",
            icon=":material/how_to_reg:",
        )
    confirmed = set(label_errors.VALIDATED.get(dataset, ())) if known else set()
    badge = ":green[:material/how_to_reg: people too]"
    notes = [badge if index in confirmed else "" for index in found.order.tolist()]
    gallery.show(run, scored, found.order[: 4 * FIRST], "label", FIRST, notes=notes)
