"""The sections below the confusion matrix: only the open one computes."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from cnn.evaluation import Scored
from cnn.runs import Run
from ui.evaluate import fitting, labels, mistakes, robust, trust
from ui.evaluate.scores import Weights
from ui.evaluate.state import evaluate_state
from ui.shared.choice import choose

SENT_SECONDS = 0.05  # what is replaced sooner never reaches the browser
SECTIONS: dict[str, tuple[str, Callable[[Run, Scored, Weights], None]]] = {
    "Mistakes": (":material/error:", lambda run, scored, weights: mistakes.show(run, scored)),
    "Trust": (":material/balance:", trust.show),
    "Robustness": (":material/shield:", robust.show),
    "Labels": (":material/label_off:", labels.show),
    "Over-fitting": (":material/show_chart:", lambda run, scored, weights: fitting.show(run)),
}


def show(run: Run, scored: Scored, weights: Weights) -> None:
    """A row of buttons and the section it opens."""
    chosen = choose(
        "Look closer",
        list(SECTIONS),
        "evaluate_section",
        format_func=lambda name: f"{SECTIONS[name][0]} {name}",
        label_visibility="collapsed",
    )
    kept, place = evaluate_state(), st.empty()
    if chosen != kept.section:  # else the one before stays, greyed, below this one's spinner
        kept.section = chosen
        place.caption(f"Opening {chosen}…")
        time.sleep(SENT_SECONDS)
    with place.container():
        SECTIONS[chosen][1](run, scored, weights)
