"""Evaluate: what a run gets right and wrong on the test set, and whether to trust it."""

import streamlit as st

from ui.evaluate import results
from ui.shared import loading, state, words
from ui.shared.run_picker import empty, pick_run

st.title("Evaluate")
words.sentences(
    "What a network gets right and wrong on images it never saw, and whether to trust it.",
    "evaluate",
)

left, right = st.columns([4, 1], vertical_alignment="bottom")
run = pick_run(need_weights=False, place=left)
if state.current_run() is None:
    empty("This run is gone.", "Choose another, or train a new one.")
with right:
    results.choose_epoch(run)
loading.wait()
results.show(run)
