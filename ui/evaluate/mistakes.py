"""What the network got wrong with the most confidence, and what it got right with the least."""

from __future__ import annotations

import streamlit as st

from cnn import evaluation
from cnn.evaluation import Scored
from cnn.runs import Run
from ui.evaluate import gallery
from ui.shared.choice import choose

WRONG, UNCERTAIN = "Most confident mistakes", "Least certain right answers"


@st.fragment
def show(run: Run, scored: Scored) -> None:
    """One of both."""
    which = choose("Which", [WRONG, UNCERTAIN], "mistakes_which", label_visibility="collapsed")
    if which == UNCERTAIN:
        indices = evaluation.least_certain(scored.probabilities, scored.labels)
        gallery.show(run, scored, indices, "uncertain")
        return
    wrong = evaluation.mistakes(scored.probabilities, scored.labels)
    if not len(wrong):
        st.success("No mistakes: every test image was read rightly.")
    gallery.show(run, scored, wrong, "mistake")
