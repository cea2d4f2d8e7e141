"""Over-fitting: training against validation, and what to try next."""

from __future__ import annotations

from functools import partial

import streamlit as st

from cnn import evaluation, figures, runs
from ui.shared.another_try import launch
from ui.shared.charts import chart


def show(run: runs.Run) -> None:
    """The curves with their gap, and buttons that start another run."""
    rows = [row for row in run.metrics() if row["kind"] == "epoch"]
    if not rows:
        st.info("No epoch has ended yet.", icon=":material/hourglass_empty:")
        return
    found = evaluation.over_fitting(rows)
    if found is None:
        st.info(
            "No images were held out of training, so nothing says how it does on new ones.",
            icon=":material/visibility_off:",
        )
    elif found.over:
        st.warning(found.text, icon=":material/trending_up:")
    else:
        st.success(found.text, icon=":material/check:")
    epochs = [row["epoch"] for row in rows]
    left, right = st.columns(2, gap="medium")
    with left:
        accuracies = figures.accuracy_curve(
            epochs,
            [row["train_accuracy"] for row in rows],
            [row["validation_accuracy"] for row in rows],
            None,
            epochs[-1],
        )
        chart(accuracies, "fit_accuracy", "Accuracy by epoch, training and validation")
    with right:
        known = [(row, loss) for row in rows if (loss := row.get("train_loss")) is not None]
        losses = figures.epoch_losses(
            [row["epoch"] for row, _ in known],
            [loss for _, loss in known],
            [row.get("validation_loss") for row, _ in known],
            found.best_loss_epoch if found else None,
        )
        chart(losses, "fit_loss", "Loss by epoch, training and validation")
    if found is not None:
        st.caption(
            "The gap is shaded. Training values are means over the epoch, while the network still "
            "learned, so that early ones are worse than those of validation."
        )
    _next_tries(run, found)


def _next_tries(run: runs.Run, found: evaluation.OverFitting | None) -> None:
    """Buttons, each of which starts a run that differs in one thing."""
    st.markdown("**What to try next**: each starts a run that differs in one thing only.")
    grid = st.grid("auto", min_column_width=230, gap="small")
    for number, one in enumerate(evaluation.next_tries(run.config, found)):
        with grid.cell(), st.container(border=True, gap="xsmall"):
            st.caption(one.about)
            st.button(
                one.label,
                icon=":material/play_arrow:",
                key=f"next_try_{number}",
                on_click=partial(_start, run, one),
            )


def _start(run: runs.Run, one: evaluation.NextTry) -> None:
    what = f"{one.label[:1].lower()}{one.label[1:]}"
    launch(lambda: runs.retry(run, one.settings, one.architecture, what))
