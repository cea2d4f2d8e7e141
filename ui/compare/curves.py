"""The curves of several runs over each other, and of seeds as bands, while they train too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from cnn import figures, runs
from cnn.figures.comparison import AXES, Band, Line
from cnn.runs.curves import Curves, curves
from cnn.runs.overview import Summary
from ui.live.component import PLOTLY_VERSION, live_component
from ui.live.payloads import figure_json
from ui.shared.choice import choose
from ui.shared.components import PAINTING_JS
from ui.shared.plain_text import plain
from ui.shared.refresh import refreshing

LOOK_SECONDS = 2.0
MOST_RUNS = 10
NEARLY_ALL = 0.97
QUANTITIES = {
    "Accuracy": "accuracy",
    "Error rate": "error rate",
    "Training loss": "Training loss (cross-entropy)",
    "Validation loss": "Validation loss (cross-entropy)",
}
_component = live_component(Path(__file__).parent, "overlay", PAINTING_JS)


def show(picked: Sequence[Summary], names: dict[str, str], key: str = "overlay") -> None:
    """The chart with its choices; it looks again while one of the runs is at work."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        # Above 97% accuracies crowd below the top; error rates on a log axis stand apart.
        best = [one.validation for one in picked if one.validation is not None]
        near_all = len(best) == len(picked) and min(best) > NEARLY_ALL
        quantity = choose("Curve", list(QUANTITIES), f"{key}_quantity", first=int(near_all))
        axis = choose("Across", list(AXES), f"{key}_axis", first=1)
        log = st.toggle("Log scale", near_all, key=f"{key}_log", persist_state="session")
        smoothing = 0
        if quantity == "Training loss":
            smoothing = st.select_slider(
                "Smoothed over (steps)",
                [0, 5, 10, 20, 50, 100, 200, 500],
                20,
                key=f"{key}_smoothing",
                persist_state="session",
                help="Computed from every point before any is left out of the picture.",
            )
    ids = [one.run.id for one in picked[:MOST_RUNS]]
    active = any(one.is_active for one in picked)
    refreshing(_chart, LOOK_SECONDS if active else None, key)(
        ids, names, quantity, axis, float(smoothing), log, key, active
    )
    if len(picked) > MOST_RUNS:
        st.caption(f"The first {MOST_RUNS} of {len(picked)} runs.")


def _chart(
    ids: Sequence[str],
    names: dict[str, str],
    quantity: str,
    axis: str,
    smoothing: float,
    log: bool,
    key: str,
    was_active: bool,
) -> None:
    found = []
    for run_id in ids:
        try:
            found.append(runs.open_run(run_id))
        except runs.RunError:
            continue  # deleted while one looked on
    if was_active and not any(run.state in runs.ACTIVE for run in found):
        st.rerun()  # the table and the tests know the results now
    known = [(run, curves(run)) for run in found]
    lines = [
        line for run, one in known if (line := line_of(one, names[run.id], quantity, axis, run.id))
    ]
    if not lines:
        st.info(
            "Nothing to draw yet: points come with the first epoch.", icon=":material/show_chart:"
        )
        return
    percent = quantity in ("Accuracy", "Error rate")
    title = QUANTITIES[quantity]
    if percent:
        title = measured([one for _, one in known], title)
    figure = figures.overlay_curves(lines, axis, title, smoothing, log, percent)
    alt = f"{title} by {axis}: {', '.join(line.name for line in lines)}"
    draw(figure, key, alt)
    kinds = [(plain(names[run.id]), *one.accuracy()) for run, one in known]
    trained_on = [name for name, which, y in kinds if which == "training" and len(y)]
    if percent and trained_on and any(which == "validation" for _, which, _ in kinds):
        whose = " and ".join(f"“{name}”" for name in trained_on)
        easier = "higher" if quantity == "Accuracy" else "lower"
        st.markdown(
            f"Not the same kind of images: {whose} held none out for validation, so its line shows "
            f"the {quantity.lower()} on the images it learned from, which is usually {easier}. "
            "Go by the test set."
        )


def measured(found: Sequence[Curves], quantity: str) -> str:
    """An axis title that says on which images accuracies (or error rates) were measured."""
    kinds = {which for one in found for which, values in [one.accuracy()] if len(values)}
    if kinds == {"training", "validation"}:
        return f"{quantity.capitalize()}, validation unless marked"
    return f"{(kinds or {'validation'}).pop().capitalize()} {quantity}"


def draw(figure: figures.Figure, key: str, alt: str) -> None:
    """A figure that keeps its zoom while it changes, for as long as its `uirevision` stays."""
    name = f"{key} {figure.layout.uirevision}"
    data = {"figure": figure_json(figure), "plotly": PLOTLY_VERSION, "name": name, "alt": alt}
    _component(key=f"{key}_plot", data=data)


def line_of(found: Curves, name: str, quantity: str, axis: str, run_id: str = "") -> Line | None:
    """One run's curve of a quantity; None where it has no point of it yet."""
    if quantity == "Training loss":
        steps, y = found.loss[:, 0], found.loss[:, 1]
    else:
        steps = found.column("step")
        y = found.column("validation_loss")
        if quantity != "Validation loss":
            which, accuracy = found.accuracy()
            name = name if which == "validation" else f"{name} (training)"
            y = accuracy if quantity == "Accuracy" else 1 - accuracy
    x = {
        "step": lambda: steps,
        "epoch": lambda: found.epochs_at(steps),
        "seconds": lambda: found.seconds_at(steps),
    }[axis]()
    if not (np.isfinite(x) & np.isfinite(y)).any():
        return None
    return Line(name, x, steps, y, run_id)


def band_of(members: Sequence[Curves], name: str) -> Band | None:
    """Accuracy after each epoch of the same network with several seeds, as far as all have got."""
    accuracies = [one.accuracy()[1] for one in members]
    shortest = min(map(len, accuracies), default=0)
    if not shortest:
        return None
    values = np.stack([accuracy[:shortest] for accuracy in accuracies])
    epochs = members[0].column("epoch")[:shortest]
    return Band(name, epochs, values.mean(axis=0), values.min(axis=0), values.max(axis=0))
