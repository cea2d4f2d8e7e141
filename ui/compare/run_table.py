"""The table of runs: a component that names runs by their ids, never by their row numbers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from cnn import runs
from cnn.common.text import percent, plural
from cnn.runs.overview import Summary, summary
from ui.compare.state import CompareState
from ui.shared import state
from ui.shared.plain_text import plain
from ui.shared.refresh import refreshing
from ui.shared.reports import RENAMED, TICKED, Renamed, Ticked, reported
from ui.shared.run_picker import differing, made_at
from ui.shared.sidebar import state_word

KEY = "runs_table"
LOOK_SECONDS = 3.0
MOST_ALIKE = 50  # of one name: what tells more of them apart nobody reads
FILES = Path(__file__).parent
_component = st.components.v2.component(
    "compare_run_table",
    js=(FILES / "run_table.js").read_text("utf-8"),
    css=(FILES / "run_table.css").read_text("utf-8"),
)


def _column(key: str, title: str, about: str = "", number: bool = False) -> dict[str, Any]:
    return {"key": key, "title": title, "help": about, "number": number}


COLUMNS = [
    _column("name", "Run"),
    _column("test", "Test", "Accuracy on the test set, which chooses nothing", True),
    _column("validation", "Validation", "Accuracy on held-out images at the best epoch", True),
    _column("curve", "Accuracy", "Validation accuracy by epoch (training, without validation)"),
    _column("state", "State"),
    _column("network", "Network", "The preset it was made of, or custom"),
    _column("dataset", "Data"),
    _column(
        "loss", "Validation loss", "The last epoch's, on held-out images (training, without)", True
    ),
    _column("device", "Device"),
    _column("parameters", "Parameters", "Weights and biases that are learned", True),
    _column("seconds", "Seconds", "Spent training", True),
    _column("speed", "Images/s", "Training images by the second, on the whole run", True),
    _column("seed", "Seed", "", True),
    _column("created", "Made"),
]
FILTERS = [
    ("active", "In training or queued"),
    ("ended", "Finished"),
    ("broken off", "Stopped or failed"),
    ("example", "Examples"),
]


def show(found: Sequence[Summary]) -> None:
    """The table; what is ticked in it is in `CompareState`."""
    kept = state.page(CompareState)
    if not found:
        st.info("No network has been trained yet.", icon=":material/model_training:")
        st.page_link("pages/train.py", label="Train one", icon=":material/arrow_forward:")
        return
    shown = [one for one in found if kept.show_archived or not one.archived]
    kept.keep_only({one.run.id for one in shown})
    newest = max((s for s in shown if s.run.is_own), key=lambda s: s.created, default=None)
    labels = _apart(shown)
    rows = [_row(one, one is newest, labels.get(one.run.id, "")) for one in shown]
    filters = {row["filter"] for row in rows}
    _component(
        key=KEY,
        data={
            "rows": rows,
            "columns": COLUMNS,
            "filters": [pair for pair in FILTERS if pair[0] in filters],
            "ticked": kept.ticked,
            "time": kept.ticked_at,
        },
        on_ticked_change=lambda: tick(reported(KEY, "ticked", TICKED)),
        on_renamed_change=lambda: rename(reported(KEY, "renamed", RENAMED)),
    )


def follow(found: Sequence[Summary]) -> None:
    """Run the page again when a run that is at work has something new for the table."""
    shown = {one.run.id: _news(one) for one in found if one.is_active}
    refreshing(_look, LOOK_SECONDS if shown else None, "runs_table")(shown)


def _look(shown: dict[str, tuple[object, ...]]) -> None:
    for run_id, was in shown.items():
        try:
            now = _news(summary(runs.open_run(run_id)))
        except runs.RunError:
            now = ()
        if now != was:
            st.rerun()


def _news(one: Summary) -> tuple[object, ...]:
    return one.state, one.validation, one.test


def tick(told: Ticked | None) -> None:
    """Take the ids that were ticked."""
    kept = state.page(CompareState)
    if told:
        kept.ticked, kept.ticked_at = list(told.runs), told.time


def rename(told: Renamed | None) -> None:
    """Give a run the name that was written into its row."""
    if told is None:
        return
    try:
        runs.open_run(told.run).rename(told.name)
    except runs.RunError as error:
        state.get().notice = plain(error)


def _apart(shown: Sequence[Summary]) -> dict[str, str]:
    """By id, what tells a run from others of its name: data and settings that differ, else its
    time."""
    alike: dict[str, list[Summary]] = {}
    for one in shown:
        alike.setdefault(one.name, []).append(one)
    said: dict[str, str] = {}
    for group in alike.values():
        if not 1 < len(group) <= MOST_ALIKE:
            continue
        together = [one.run for one in group]
        said |= {run.id: ", ".join(differing(run, together)) or made_at(run) for run in together}
    return said


def _row(one: Summary, latest: bool, apart: str = "") -> dict[str, Any]:
    """One run as the component takes it: `values` to sort by, `texts` to show; `apart` tells it
    from others of its name."""
    brief = one.brief
    values = {
        "name": one.name,
        "state": state_word(one.run, one.state),
        "curve": brief.accuracies[-1] if brief and brief.accuracies else None,
        "validation": one.validation,
        "test": one.test,
        "loss": brief.loss if brief else None,
        "network": one.network,
        "dataset": one.dataset,
        "device": one.device,
        "parameters": one.parameters,
        "seconds": one.seconds,
        "speed": one.images_per_second,
        "seed": one.seed,
        "created": one.created,
    }
    forms = {
        "loss": ".4f",
        "parameters": ",",
        "seconds": ",.1f",
    }
    forms |= {"speed": ",.0f", "seed": "d"}
    texts = {key: str(value) for key, value in values.items() if value is not None}
    shares = {"validation": one.validation, "test": one.test}
    texts |= {key: percent(v, 2) for key, v in shares.items() if v is not None}
    texts |= {key: format(v, forms[key]) for key in forms if (v := values[key]) is not None}
    texts["created"] = time.strftime("%d %b, %H:%M", time.localtime(one.created))
    words = [one.name, *one.tags, one.note, one.network, one.dataset, one.device, texts["state"]]
    curve = list(brief.accuracies) if brief else []
    return {
        "id": one.run.id,
        "name": one.name,
        "apart": apart,
        "tags": list(one.tags),
        "note": one.note,
        "archived": one.archived,
        "latest": latest,
        "fixed": not one.run.is_own,
        "state": texts["state"],
        "filter": _filter(one),
        "curve": curve,
        "curveText": _in_words(curve),
        "values": values,
        "texts": texts,
        "search": " ".join(words).lower(),
    }


def _filter(one: Summary) -> str:
    if one.run.kind and not one.is_active:
        return "example"
    if one.is_active:
        return "active"
    return "ended" if one.state == "finished" else "broken off"


def _in_words(curve: Sequence[float]) -> str:
    """What the small curve shows, for who cannot see it."""
    if not curve:
        return "no curve yet"
    if len(curve) == 1:
        return f"{percent(curve[0])} after one epoch"
    return f"from {percent(curve[0])} to {percent(curve[-1])} in {plural(len(curve), 'point')}"
