"""The table of runs: open, rename, delete, and curves laid over each other."""

from __future__ import annotations

import time

import streamlit as st

from cnn import figures, runs
from ui.shared import state
from ui.shared.charts import chart
from ui.shared.sidebar import state_word

MOST_CURVES = 8


def show() -> None:
    """The table, its buttons, and the curves of the chosen rows."""
    st.subheader("All runs")
    surveyed = list(runs.survey())
    found = [run for run, problem in surveyed if problem is None]
    statuses, configs = [run.status() for run in found], [run.config for run in found]
    chosen = st.dataframe(
        {
            "Run": [run.name for run in found],
            "State": [
                state_word(run, status["state"])
                for run, status in zip(found, statuses, strict=True)
            ],
            "Test": [_percent(status.get("test_accuracy")) for status in statuses],
            "Validation": [_percent(status.get("best_validation")) for status in statuses],
            "Parameters": [config.architecture.parameters for config in configs],
            "Seconds": [status.get("train_seconds") for status in statuses],
            "Made": [
                time.strftime("%d %b %H:%M", time.localtime(config.created)) for config in configs
            ],
        },
        hide_index=True,
        key="runs_table",
        on_select="rerun",
        selection_mode="multi-row",
        height="content" if len(found) < 10 else 380,
        column_config={
            "Run": st.column_config.TextColumn(width="large"),
            "Test": st.column_config.NumberColumn(format="%.2f %%"),
            "Validation": st.column_config.NumberColumn(format="%.2f %%"),
            "Parameters": st.column_config.NumberColumn(format="localized"),
            "Seconds": st.column_config.NumberColumn(format="%.1f"),
        },
        placeholder="–",
        alt="Table of all runs",
    )
    picked = [found[i] for i in chosen["selection"]["rows"] if i < len(found)]
    _buttons(picked)
    _curves(picked or found[:4], bool(picked))
    for run, problem in surveyed:
        if problem is not None:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.warning(problem, icon=":material/broken_image:")
                if not run.is_example and st.button(
                    "Delete", key=f"delete_{run.id}", icon=":material/delete:"
                ):
                    confirm_delete([run])


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _buttons(picked: list[runs.Run]) -> None:
    several = len(picked) != 1
    with st.container(horizontal=True):
        if st.button(
            "Open",
            icon=":material/open_in_new:",
            disabled=several,
            key="open_run",
            help="Make it the current run and show it above.",
        ):
            state.choose_run(picked[0].id)
            st.rerun()
        fixed = any(run.is_example for run in picked)
        if st.button("Rename", icon=":material/edit:", disabled=several or fixed, key="rename_run"):
            rename(picked[0])
        if st.button(
            "Delete", icon=":material/delete:", disabled=not picked or fixed, key="delete_run"
        ):
            confirm_delete(picked)
        if not picked:
            st.caption("Tick rows to open, rename, delete or compare them.")
        elif fixed:
            st.caption("Examples come with the app and stay as they are.")


def _curves(shown: list[runs.Run], by_choice: bool) -> None:
    """Validation accuracy (training accuracy without validation) of some runs in one chart."""
    curves: dict[str, tuple[list[int], list[float]]] = {}
    for run in shown[:MOST_CURVES]:
        epochs = [row for row in run.metrics() if row["kind"] == "epoch"]
        validation = [
            (row["epoch"], accuracy)
            for row in epochs
            if (accuracy := row.get("validation_accuracy")) is not None
        ]
        points = validation or [(row["epoch"], row["train_accuracy"]) for row in epochs]
        if not points:
            continue
        name = f"{run.name}{'' if validation else ' (training)'}"
        while name in curves:
            name += " ′"
        curves[name] = ([epoch for epoch, _ in points], [value for _, value in points])
    if curves:
        st.markdown("**Validation accuracy, laid over each other**")
        if not by_choice and len(curves) > 1:
            st.caption("The newest runs; tick others in the table.")
        chart(
            figures.compare_curves(curves, "Validation accuracy"),
            "compare",
            "Accuracy by epoch of several runs",
        )


@st.dialog("Rename this run")
def rename(run: runs.Run) -> None:
    """Ask for another name."""
    name = st.text_input("Name", run.name, max_chars=80)
    if st.button("Rename", type="primary", key="rename_yes"):
        try:
            run.rename(name)
        except (runs.RunError, OSError) as error:
            st.error(str(error))
        else:
            st.rerun()


@st.dialog("Delete for good?")
def confirm_delete(picked: list[runs.Run]) -> None:
    """Ask before anything is removed."""
    st.markdown("Weights, curves and settings will be gone:")
    st.text("\n".join(run.name for run in picked))
    yes, no = st.columns(2)
    if yes.button("Delete", type="primary", icon=":material/delete:", key="delete_yes"):
        problems = []
        for run in picked:
            try:
                run.delete()
            except runs.RunError as error:
                problems.append(str(error))
            else:
                if state.get().run_id == run.id:
                    state.choose_run(None)
        if problems:
            state.get().notice = " ".join(problems)
        st.rerun()
    if no.button("Keep", key="delete_no"):
        st.rerun()
