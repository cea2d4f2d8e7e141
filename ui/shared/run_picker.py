"""Choosing a run, on every page that looks at one; and the empty state that leads to training."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnn import runs
from cnn.common.text import percent
from cnn.datasets import DATASETS
from cnn.training import Settings
from ui.shared import state
from ui.shared.plain_text import plain

MOST_DIFFERENCES = 2  # settings named in a label


def labels_of(found: Sequence[runs.Run]) -> dict[str, str]:
    """What to call each run, by its id: its name; that it is an example, or the class's; of runs of
    one name what differs, the test accuracy, and when it was made. No two are the same."""
    alike, names = defaultdict(list), {run.id: run.name for run in found}  # a file each
    for run in found:
        alike[names[run.id], run.kind].append(run)
    labels = {}
    for run in found:
        name, more = names[run.id], [run.kind] if run.kind else []
        others = alike[name, run.kind]
        labels[run.id] = " · ".join([name, *more, *(_apart(run, others) if others[1:] else [])])
    return told_apart(labels)


def told_apart(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels by id, with the id where two are the same: a select box goes by its labels, and would
    take one for the other."""
    count = Counter(labels.values())
    return {
        key: label if count[label] == 1 else f"{label} · {key}" for key, label in labels.items()
    }


def differing(run: runs.Run, alike: Sequence[runs.Run]) -> list[str]:
    """The data set and settings by which a run differs from `alike`, in words; the first few."""
    found, settings = [], run.config.settings
    if len({other.config.dataset for other in alike}) > 1:
        found.append(DATASETS[run.config.dataset].label)
    for name, field in Settings.model_fields.items():
        if len({getattr(other.config.settings, name) for other in alike}) > 1:
            found.append(f"{(field.title or name).lower()} {getattr(settings, name)}")
    return found[:MOST_DIFFERENCES]


def made_at(run: runs.Run) -> str:
    """When it was made, such as `8 Nov, 14:05`."""
    return at_time(run.config.created)


def at_time(seconds: float) -> str:
    """A moment in seconds since 1970 as pages write it, such as `8 Nov, 14:05`."""
    return time.strftime("%d %b, %H:%M", time.localtime(seconds)).lstrip("0")


def _apart(run: runs.Run, alike: Sequence[runs.Run]) -> list[str]:
    """What tells a run from others of its name, in words."""
    accuracy = run.status().get("test_accuracy")
    scored = [] if accuracy is None else [percent(accuracy, 2)]
    return [*differing(run, alike), *scored, made_at(run)]


def pick_run(
    need_weights: bool = True,
    place: DeltaGenerator | None = None,
    label: Literal["visible", "collapsed"] = "visible",
) -> runs.Run:
    """A select box of all runs in `place`, the current one chosen. Where there is none, says so
    over the whole width and stops the page."""
    play = state.get()  # first: it runs app.py where a visit began without it
    found = runs.list_runs()
    if not found:
        way_on = "Train one first: the default network takes less than a minute."
        empty("No network has been trained yet.", way_on)
    ids, labels = [run.id for run in found], labels_of(found)
    if play.run_id not in ids:
        state.choose_run(ids[0])
    key = f"run_picker_{play.page}_{play.run_id}"

    def chosen() -> None:
        if st.session_state[key] in ids:  # the page may know a run that is gone
            state.choose_run(st.session_state[key])

    (place or st).selectbox(
        "Run",
        ids,
        ids.index(play.run_id) if play.run_id in ids else 0,
        format_func=labels.__getitem__,
        key=key,
        on_change=chosen,
        label_visibility=label,
    )
    run = runs.open_run(play.run_id or ids[0])
    if need_weights:
        try:
            run.weights_path()
        except runs.RunError as error:
            empty(plain(error), "They appear a few seconds after its training begins.")
    return run


def empty(what: str, way_forward: str) -> None:
    """Say what is missing, in Markdown, show the link to Train, and end the page."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f"## {what}")
        st.markdown(way_forward)
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
    st.stop()
