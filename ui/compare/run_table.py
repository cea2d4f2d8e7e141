"""The table of runs: a component that names runs by their ids, never by their row numbers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from cnn import runs
from cnn.common.text import plural
from cnn.runs.overview import Summary, summary
from ui.compare.state import CompareState
from ui.shared import state
from ui.shared.components import reported
from ui.shared.plain_text import plain
from ui.shared.refresh import refreshing
from ui.shared.sidebar import state_word

KEY = "runs_table"
LOOK_SECONDS = 3.0
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
    _column("validation", "Validation", "The best epoch's accuracy on held-out images", True),
    _column("curve", "Accuracy", "Validation accuracy by epoch (training, without validation)"),
    _column("state", "State"),
    _column(
        "loss", "Loss", "The last epoch's validation loss (training, without validation)", True
    ),
    _column("network", "Network", "The preset it was made of, or custom"),
    _column("dataset", "Data"),
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
    rows = [_row(one, one is newest) for one in shown]
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
        on_ticked_change=lambda: tick(reported(KEY, "ticked")),
        on_renamed_change=lambda: rename(reported(KEY, "renamed")),
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


def tick(told: Any) -> None:
    """Take the ids that were ticked."""
    kept = state.page(CompareState)
    if isinstance(told, dict) and isinstance(told.get("runs"), list):
        kept.ticked = [str(run_id) for run_id in told["runs"]]
        kept.ticked_at = float(told.get("time") or 0)


def rename(told: Any) -> None:
    """Give a run the name that was written into its row."""
    if not isinstance(told, dict):
        return
    try:
        runs.open_run(str(told.get("run"))).rename(str(told.get("name")))
    except runs.RunError as error:
        state.get().notice = plain(error)


def _row(one: Summary, latest: bool) -> dict[str, Any]:
    """One run as the component takes it: `values` to sort by, `texts` to show."""
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
        "validation": ".2%",
        "test": ".2%",
        "loss": ".4f",
        "parameters": ",",
        "seconds": ",.1f",
    }
    forms |= {"speed": ",.0f", "seed": "d"}
    texts = {key: str(value) for key, value in values.items() if value is not None}
    texts |= {key: format(v, forms[key]) for key in forms if (v := values[key]) is not None}
    texts["created"] = time.strftime("%d %b, %H:%M", time.localtime(one.created))
    words = [one.name, *one.tags, one.note, one.network, one.dataset, one.device, texts["state"]]
    curve = list(brief.accuracies) if brief else []
    return {
        "id": one.run.id,
        "name": one.name,
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
    if len(curve) < 2:
        return "no curve yet"
    return f"from {curve[0]:.1%} to {curve[-1]:.1%} in {plural(len(curve), 'point')}"
