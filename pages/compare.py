"""Compare: every run in one table, and several of them beside each other."""

import streamlit as st

from cnn.runs.overview import overview
from ui.compare import actions, at_work, broken_runs, race, run_table, seeds, side_by_side, sweeps
from ui.compare.state import CompareState
from ui.shared import challenge, state, visitor, words
from ui.shared.choice import choose

st.title("Compare")
words.sentences(
    "Every run in one table. Tick two or more to see which is better, and whether that can be "
    "told.",
    "compare",
)
kept = state.page(CompareState)
if visitor.is_pupil():
    challenge.show()
state.get().on_leave = kept.leave

found, broken = overview()
if any(one.archived for one in found):
    kept.show_archived = st.toggle("Show archived runs", kept.show_archived, key="show_archived")
run_table.show(found)
run_table.follow(found)
by_id = {one.run.id: one for one in found}
picked = [by_id[run_id] for run_id in kept.ticked if run_id in by_id]
actions.show(picked)
at_work.show(picked)
broken_runs.show(broken)
if len(picked) > 1:
    side_by_side.show(picked)
st.header("Try more")
more = choose(
    "What to try", ["Seeds", "Sweep", "Race"], "compare_more", label_visibility="collapsed"
)
if more == "Seeds":
    seeds.show(picked, found)
elif more == "Sweep":
    sweeps.show(picked)
else:
    race.show()
